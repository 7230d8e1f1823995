import { watch } from 'vue'
import { createRouter, createWebHistory } from 'vue-router'
import OverviewPage from './pages/OverviewPage.vue'
import { i18n, language } from './i18n'

declare module 'vue-router' {
  interface RouteMeta {
    /* key of the page's title */
    title: string
    /* the menu entry that is lit */
    section: 'overview' | 'lines' | 'meters' | 'gateways'
  }
}

const id = '(\\d{1,16})'

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', component: OverviewPage, meta: { title: 'title.overview', section: 'overview' } },
    {
      path: '/lines',
      component: () => import('./pages/LinesPage.vue'),
      meta: { title: 'title.lines', section: 'lines' },
    },
    {
      path: `/lines/:id${id}`,
      component: () => import('./pages/LinePage.vue'),
      meta: { title: 'title.line', section: 'lines' },
    },
    {
      path: '/meters',
      component: () => import('./pages/MetersPage.vue'),
      meta: { title: 'title.meters', section: 'meters' },
    },
    {
      path: `/meters/:id${id}`,
      component: () => import('./pages/MeterPage.vue'),
      meta: { title: 'title.meter', section: 'meters' },
    },
    {
      path: '/gateways',
      component: () => import('./pages/GatewaysPage.vue'),
      meta: { title: 'title.gateways', section: 'gateways' },
    },
    {
      path: `/gateways/:id${id}`,
      component: () => import('./pages/GatewayPage.vue'),
      meta: { title: 'title.gateway', section: 'gateways' },
    },
    {
      path: `/frames/:id${id}`,
      component: () => import('./pages/FramePage.vue'),
      meta: { title: 'title.frame', section: 'meters' },
    },
    {
      path: '/:rest(.*)*',
      component: () => import('./pages/NotFoundPage.vue'),
      meta: { title: 'title.notFound', section: 'overview' },
    },
  ],
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? false : { top: 0 }),
})

/* "Meters 23070008 · Heng"; a page that shows one thing names it. */
export function setTitle(subject = ''): void {
  const key = router.currentRoute.value.meta.title
  const page = key ? i18n.global.t(key) : ''
  document.title = [[page, subject].filter(Boolean).join(' '), i18n.global.t('app.name')].filter(Boolean).join(' · ')
}

watch([router.currentRoute, language], () => setTitle(), { flush: 'post' })
