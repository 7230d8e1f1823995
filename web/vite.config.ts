import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

// The server that `npm run dev` talks to: the mock of dev/mock.mjs or a running Heng.
const server = process.env.HENG_URL ?? 'http://127.0.0.1:5180'

export default defineConfig({
  plugins: [vue()],
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  build: {
    target: 'es2021',
    // The binary embeds dist as it is; source maps would double it.
    sourcemap: false,
    chunkSizeWarningLimit: 700,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': server } },
})
