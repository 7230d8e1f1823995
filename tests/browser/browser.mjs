/* One Chromium for the tests, and pages that notice what must not happen: errors on the console, requests to
 * foreign hosts. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

export const BASE = (process.env.HENG_URL ?? '').replace(/\/+$/, '')
if (!BASE) {
  console.error('browser tests: set HENG_URL to the address of a running Heng, for example http://127.0.0.1:8080')
  process.exit(2)
}

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]

/* A fresh profile each time: remembered languages and units would hide faults. */
export async function openBrowser({ width = 1366, height = 768, locale = 'en-GB' } = {}) {
  const profile = await mkdtemp(join(tmpdir(), 'heng-browser-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
    locale,
    viewport: { width, height },
  })
  context.setDefaultTimeout(15_000)
  return {
    context,
    async close() {
      await context.close()
      await rm(profile, { recursive: true, force: true })
    },
  }
}

/* A page, and the list of what went wrong on it. */
export async function openPage(context, path = '/') {
  const page = await context.newPage()
  const faults = []
  page.on('console', (message) => {
    // a line that was never searched has no search: the browser reports the 404, the page does not
    const searchless = message.location().url.endsWith('/search') && message.text().includes('404')
    if (message.type() === 'error' && !searchless) faults.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`))
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol.startsWith('http') && url.origin !== new URL(BASE).origin) faults.push(`foreign: ${request.url()}`)
  })
  await page.goto(BASE + path)
  return { page, faults }
}

let axeSource = ''

/* Serious and critical findings of axe, one line each. */
export async function axeFindings(page) {
  axeSource ||= await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  // evaluate() goes around the page's Content-Security-Policy, a script element would not
  await page.evaluate(axeSource)
  const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
  return result.violations
    .filter((violation) => violation.impact === 'serious' || violation.impact === 'critical')
    .map((violation) => {
      const first = violation.nodes[0]
      return `${violation.id} (${violation.nodes.length}): ${first.target.join(' ')} ${first.failureSummary}`
    })
}

export async function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
}

export async function getJson(path) {
  const answer = await fetch(`${BASE}/api/v1${path}`)
  if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status}`)
  return answer.json()
}

/* Wait until check() yields something, at most the given time. */
export async function eventually(what, check, withinMs = 60_000) {
  const end = Date.now() + withinMs
  for (;;) {
    const value = await check()
    if (value) return value
    if (Date.now() > end) throw new Error(`not within ${withinMs / 1000} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

/* A meter that has a main value and at least one stored frame. */
export function readMeter() {
  return eventually('a meter with a reading', async () => {
    const { items } = await getJson('/meters?state=ok&limit=1')
    const meter = items[0]
    if (!meter) return null
    const frames = await getJson(`/meters/${meter.id}/frames?limit=1`)
    return frames.items[0] ? { meter, frame: frames.items[0] } : null
  })
}
