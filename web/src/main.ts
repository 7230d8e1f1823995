import { createApp } from 'vue'
import App from './App.vue'
import { startLive } from './api/live'
import { startReadRuns } from './api/reads'
import { i18n, preferredLanguage, setLanguage } from './i18n'
import { router } from './router'
// Only the controls that are used; the whole sheet would be four times as large.
import 'element-plus/es/components/base/style/css'
import 'element-plus/es/components/button/style/css'
import 'element-plus/es/components/drawer/style/css'
import 'element-plus/es/components/input/style/css'
import 'element-plus/es/components/option/style/css'
import 'element-plus/es/components/pagination/style/css'
import 'element-plus/es/components/radio-button/style/css'
import 'element-plus/es/components/radio-group/style/css'
import 'element-plus/es/components/select/style/css'
import './styles/theme.css'
import './styles/layout.css'
import './styles/parts.css'
import './styles/acts.css'
import './styles/gateways.css'

void setLanguage(preferredLanguage()).then(() => {
  startLive()
  startReadRuns()
  createApp(App).use(i18n).use(router).mount('#app')
})
