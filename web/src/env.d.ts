/// <reference types="vite/client" />
// Element Plus ships its locales without types per file.
declare module 'element-plus/es/locale/lang/*' {
  import type { Language } from 'element-plus/es/locale'
  const language: Language
  export default language
}
declare module 'echarts/lib/i18n/langDE.js' {
  const locale: Parameters<typeof import('echarts/core').registerLocale>[1]
  export default locale
}
