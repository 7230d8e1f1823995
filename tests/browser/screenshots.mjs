/* Save a picture of each page, for wide and narrow screens, in each language.
 * Usage: HENG_URL=http://127.0.0.1:8080 node screenshots.mjs FOLDER [LANGUAGE...] */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { BASE, eventually, getJson, openBrowser, openPage, readMeter } from './browser.mjs'

const [folder, ...wanted] = process.argv.slice(2)
if (!folder) {
  console.error('usage: HENG_URL=... node screenshots.mjs FOLDER [zh|en|de ...]')
  process.exit(2)
}
await mkdir(folder, { recursive: true })

const LOCALES = { zh: 'zh-CN', en: 'en-GB', de: 'de-DE' }
const SIZES = { wide: { width: 1366, height: 768 }, phone: { width: 390, height: 844 } }

const { meter, frame } = await readMeter()
const lines = await getJson('/lines')
const pages = {
  overview: '/',
  lines: '/lines',
  line: `/lines/${lines.items[0].id}`,
  meters: '/meters',
  missing: '/meters?state=missing',
  meter: `/meters/${meter.id}`,
  'meter-frame': `/meters/${meter.id}?frame=${frame.id}`,
  frame: `/frames/${frame.id}`,
  'line-reading': `/lines/${lines.items[0].id}`,
}

const water = (await getJson('/meters?medium=cold%20water&state=ok&limit=1')).items[0]
if (water) pages['meter-valve'] = `/meters/${water.id}`

/* One box becomes the gateway of the cellar, the other one waits. */
const codes = JSON.parse(process.env.HENG_CODES ?? '{}')
const box = (await getJson('/enrolments?state=waiting')).items.find((one) => one.name === 'Cellar box')
if (box) {
  const answer = await fetch(`${BASE}/api/v1/enrolments/${box.id}/accept`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ code: codes[box.name], key: 'cellar', name: 'Cellar' }),
  })
  if (!answer.ok) throw new Error(`the box was not accepted: HTTP ${answer.status}`)
  const cellar = await eventually('the gateway to read', async () => {
    const { items } = await getJson('/lines')
    return items.find((line) => line.gateway_id && line.last_answer_at)
  })
  pages.gateways = pages['gateway-accept'] = '/gateways'
  pages.gateway = pages['gateway-tunnel'] = pages['gateway-revoke'] = `/gateways/${cellar.gateway_id}`
}

/* What is done on a page before its picture is taken. */
const acts = {
  'line-reading': async (page) => {
    await page.locator('[data-test=read-line]').click()
    await page.locator('[data-test=search-start]').click()
    await page.locator('[data-test=read-result]').nth(4).waitFor()
  },
  'gateway-accept': (page) => page.locator('[data-test=accept]').click(),
  gateway: (page) => page.locator('[data-test=ask-status]').click(),
  'gateway-tunnel': async (page) => {
    await page.locator('[data-test=tunnel]').click()
    await page.locator('[data-test=who]').fill('A. Weber')
    await page.locator('[data-test=why]').fill('baud rate')
  },
  'gateway-revoke': (page) => page.locator('[data-test=revoke]').click(),
  'meter-valve': (page) => page.locator('[data-test=order-disconnect]').click(),
}

for (const language of wanted.length > 0 ? wanted : Object.keys(LOCALES)) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    const browser = await openBrowser({ ...viewport, locale: LOCALES[language] })
    for (const [name, path] of Object.entries(pages)) {
      const { page } = await openPage(browser.context, path)
      await page.locator('h1').first().waitFor()
      await acts[name]?.(page)
      await page.waitForTimeout(1500) // the drawer slides in, the chart draws
      // what is fixed to the window (the drawer, the menu of phones) would lie across a picture of the whole page
      const full = size === 'wide' && !['meter-frame', 'meter-valve', 'gateway-accept', 'gateway-tunnel', 'gateway-revoke'].includes(name)
      await page.screenshot({ path: join(folder, `${name}-${size}-${language}.png`), fullPage: full })
      await page.close()
    }
    await browser.close()
  }
}
console.log(`screenshots: ${folder}`)
