/* The console against a running Heng: what an operator does in the first minutes. Nothing here depends on the
 * names of the site. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { axeFindings, eventually, getJson, openBrowser, openPage, overflow, readMeter } from './browser.mjs'

let browser

before(async () => {
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
})

/* Open a path, do something there, close; the page must have stayed clean. */
async function visit(path, act, context = browser.context) {
  const { page, faults } = await openPage(context, path)
  try {
    await act(page)
    assert.deepEqual(faults, [])
  } finally {
    await page.close()
  }
}

test('the overview shows the read rate and is live', { timeout: 60_000 }, async () => {
  await visit('/', async (page) => {
    await page.locator('[data-test=live][data-status=on]').waitFor()
    const overview = await getJson('/overview')
    const rate = await page.locator('[data-test=read-rate]').textContent()
    assert.match(rate, /^\d+ %$/)
    assert.ok(overview.meters > 0)
    assert.ok(Number.parseInt(rate, 10) <= 100)
    assert.match(await page.title(), /Heng/)
  })
})

test('a new reading appears without a reload of the page', { timeout: 120_000 }, async () => {
  await visit('/', async (page) => {
    const rows = page.locator('[data-test=reading]')
    await rows.first().waitFor({ timeout: 60_000 })
    await page.evaluate(() => (window.hengSamePage = true))
    // Only the stream may bring the news: from here on a renewed load brings what it brought before.
    const frozen = await getJson('/overview')
    await page.route('**/api/v1/overview', (route) => route.fulfill({ json: frozen }))
    const keys = () => rows.evaluateAll((all) => all.map((row) => row.dataset.key))
    const seen = new Set([...(await keys()), ...frozen.newest.map((reading) => `${reading.meter_id}/${reading.at}`)])
    const unseen = async () => (await keys()).some((key) => !seen.has(key))
    await eventually('a reading that was not there before', unseen, 90_000)
    assert.equal(await page.evaluate(() => window.hengSamePage), true)
    assert.match(await rows.first().locator('.value').textContent(), /\d/)
  })
})

test('the number of missing meters leads to their list', { timeout: 90_000 }, async () => {
  await eventually('a missing meter', async () => {
    const { meters_missing, meters_never } = await getJson('/overview')
    return meters_missing + meters_never > 0
  }, 80_000)
  const { meters_missing } = await getJson('/overview')
  const state = meters_missing > 0 ? 'missing' : 'never'
  await visit('/', async (page) => {
    await page.locator(`a.tile[href*="state=${state}"]`).click()
    await page.waitForURL(new RegExp(`/meters\\?state=${state}$`))
    const rows = page.locator('[data-test=meter]')
    await rows.first().waitFor()
    const states = await rows.locator('[data-state]').evaluateAll((all) => all.map((tag) => tag.dataset.state))
    assert.ok(states.length > 0)
    assert.deepEqual([...new Set(states)], [state])
  })
})

test('the list of meters filters on the server and keeps the filter in the address', { timeout: 60_000 }, async () => {
  const { meter } = await readMeter()
  const all = await getJson('/meters?limit=1')
  await visit('/meters', async (page) => {
    const total = page.locator('[data-test=total]')
    await total.waitFor()
    assert.equal(Number(await total.getAttribute('data-total')), all.total)
    await page.locator('[data-test=filter-q] input, input[data-test=filter-q]').first().fill(meter.number)
    await page.waitForURL(/[?&]q=/)
    await eventually('fewer meters', async () => {
      const count = Number(await total.getAttribute('data-total').catch(() => '0'))
      return count > 0 && count < all.total
    }, 10_000)
    const numbers = await page.locator('[data-test=meter] .number').allTextContents()
    assert.ok(numbers.includes(meter.number))

    await page.reload()
    await total.waitFor()
    assert.ok(Number(await total.getAttribute('data-total')) < all.total)
    await page.locator('[data-test=clear]').click()
    await eventually('all meters again', async () =>
      Number(await total.getAttribute('data-total').catch(() => '0')) === all.total, 10_000)

    await page.locator('[data-test=filter-q] input, input[data-test=filter-q]').first().fill('no such meter \u0001')
    await page.locator('[data-test=no-meters]').waitFor()
  })
})

test('a filter can be chosen with the keyboard', { timeout: 60_000 }, async () => {
  await visit('/meters', async (page) => {
    await page.locator('[data-test=meter]').first().waitFor()
    await page.locator('input[role=combobox]').nth(2).focus()
    await page.keyboard.press('Enter')
    await page.locator('.el-select-dropdown:visible').first().waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.waitForURL(/state=(ok|missing|never)/)
  })
})

test('a meter shows values with units and a curve', { timeout: 60_000 }, async () => {
  const { meter } = await readMeter()
  await visit('/meters', async (page) => {
    await page.goto(page.url() + `?q=${encodeURIComponent(meter.number)}`)
    await page.locator('[data-test=meter]').first().waitFor()
    await page.getByRole('link', { name: meter.number, exact: true }).click()
    await page.waitForURL(new RegExp(`/meters/${meter.id}$`))
    const values = page.locator('[data-test=values] [data-test=value]')
    await values.first().waitFor()
    const shown = await values.locator('.value').allTextContents()
    assert.ok(shown.some((text) => /\d\s+(kWh|MWh|GJ|m³|L)\s*$/.test(text)), shown.join(' | '))

    const chart = page.locator('[data-test=chart]')
    await eventually('points on the curve', async () => Number(await chart.getAttribute('data-points')) > 0, 30_000)
    // A canvas that nothing was drawn on has one colour.
    const colours = await chart.locator('canvas').first().evaluate((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
      return new Set(new Uint32Array(data.buffer)).size
    })
    assert.ok(colours > 5, `${colours} colours`)
    for (const range of [1, 2, 3]) {
      await page.locator('.chart-tools .el-radio-button').nth(range).click()
      await eventually('points again', async () => Number(await chart.getAttribute('data-points')) > 0, 15_000)
      assert.ok(Number(await chart.getAttribute('data-points')) <= 2000)
    }
  })
})

test('units switch exactly', { timeout: 60_000 }, async () => {
  const found = await eventually('a heat meter', async () => {
    const { items } = await getJson('/meters?state=ok&medium=heat&limit=1')
    return items[0]?.main?.unit === 'Wh' ? items[0] : null
  })
  await visit(`/meters/${found.id}`, async (page) => {
    const value = page.locator('[data-test=value]').first().locator('.value')
    await value.waitFor()
    const digits = async () => Number((await value.locator('.digits').textContent()).replaceAll(',', ''))
    assert.equal((await value.locator('.unit').textContent()).trim(), 'kWh')
    const kwh = await digits()
    await page.locator('.unit-switches .el-radio-button', { hasText: 'GJ' }).click()
    await eventually('GJ', async () => (await value.locator('.unit').textContent()).trim() === 'GJ', 5_000)
    const gj = await digits()
    // a reading may come in between: a loose bound, the exact arithmetic has its own tests
    assert.ok(Math.abs(gj - kwh * 0.0036) <= Math.max(0.01, gj * 0.01), `${kwh} kWh, ${gj} GJ`)
    await page.locator('.unit-switches .el-radio-button', { hasText: 'kWh' }).click()
  })
})

test('a click on a frame shows it decoded field by field', { timeout: 60_000 }, async () => {
  const { meter } = await readMeter()
  await visit(`/meters/${meter.id}`, async (page) => {
    const frames = page.locator('[data-test=frame]')
    await frames.first().waitFor()
    await frames.first().locator('.hex-cell').click()
    await page.waitForURL(/[?&]frame=\d+/)
    const view = page.locator('[data-test=frame-view]')
    await view.waitFor()

    const id = Number(new URL(page.url()).searchParams.get('frame'))
    const detail = await getJson(`/frames/${id}`)
    const fields = view.locator('[data-test=field]')
    assert.equal(await fields.count(), detail.fields.length)
    const bytes = (await view.locator('[data-test=hex-field]').allTextContents()).join('').replace(/\s/g, '')
    assert.equal(bytes, detail.frame.hex.toLowerCase())

    const records = view.locator('[data-test=record]')
    assert.equal(await records.count(), detail.decoded.records.length)
    const numeric = detail.decoded.records.findIndex((record) => record.unit && record.value)
    assert.ok(numeric >= 0)
    const row = records.nth(numeric)
    assert.ok((await row.locator('th').textContent()).trim().length > 2)
    assert.match(await row.locator('.value').textContent(), /\d.*\S/s)
    assert.ok((await row.locator('.value .unit').textContent()).trim().length > 0)

    // the light goes both ways
    await row.hover()
    const own = detail.fields.flatMap((one, index) => (one.record === numeric ? [index] : []))
    assert.ok(own.length > 1, 'a record of M-Bus has its DIF, its VIF and its value')
    for (const index of own) await view.locator('[data-test=hex-field]').nth(index).and(view.locator('.lit')).waitFor()
    await view.locator('[data-test=hex-field]').nth(0).hover()
    await fields.nth(0).and(view.locator('.lit')).waitFor()

    await page.keyboard.press('Escape')
    await page.waitForURL((url) => !url.searchParams.has('frame'))
  })
})

test('frames and meters can be linked to', { timeout: 60_000 }, async () => {
  const { meter, frame } = await readMeter()
  await visit(`/frames/${frame.id}`, (page) => page.locator('[data-test=record]').first().waitFor())
  await visit(`/meters/${meter.id}?frame=${frame.id}`, (page) => page.locator('[data-test=record]').first().waitFor())
})

test('a line explains its counters', { timeout: 60_000 }, async () => {
  const { items } = await getJson('/lines')
  await visit('/lines', async (page) => {
    const rows = page.locator('[data-test=line]')
    await rows.first().waitFor()
    assert.equal(await rows.count(), items.length)
    await rows.first().locator('a').first().click()
    await page.waitForURL(/\/lines\/\d+$/)
    const counters = page.locator('[data-test=counters] tbody tr')
    await counters.first().waitFor()
    assert.equal(await counters.count(), Object.keys(items[0].counters).length)
    await page.locator('[data-test=meter]').first().waitFor()
  })
})

test('the language switch changes all texts and is remembered', { timeout: 60_000 }, async () => {
  await visit('/lines', async (page) => {
    const headings = new Set()
    for (const [id, tag] of [['zh', 'zh-CN'], ['de', 'de-DE'], ['en', 'en-GB']]) {
      await page.locator('[data-test=language]').selectOption(id)
      await page.locator(`html[lang=${tag}]`).waitFor({ state: 'attached' })
      headings.add(await page.locator('h1').textContent())
      assert.ok((await page.title()).startsWith((await page.locator('h1').textContent()).trim()))
    }
    assert.equal(headings.size, 3)
    await page.locator('[data-test=language]').selectOption('de')
    await page.locator('html[lang=de-DE]').waitFor({ state: 'attached' })
    await page.reload()
    await page.locator('html[lang=de-DE]').waitFor({ state: 'attached' })
    await page.locator('[data-test=language]').selectOption('en')
    await page.locator('html[lang=en-GB]').waitFor({ state: 'attached' })
  })
})

test('what does not exist is said in words', { timeout: 60_000 }, async () => {
  const { page } = await openPage(browser.context, '/meters/900719925474099')
  await page.getByRole('alert').waitFor()
  await page.close()
  await visit('/no/such/page', (other) => other.getByRole('link', { name: /overview/i }).last().waitFor())
})

test('two tabs share one event stream, and the second follows', { timeout: 120_000 }, async () => {
  const own = await openBrowser()
  try {
    let streams = 0
    own.context.on('request', (request) => {
      if (request.url().endsWith('/api/v1/events')) streams++
    })
    const first = await openPage(own.context, '/')
    await first.page.locator('[data-test=live][data-status=on]').waitFor()
    const second = await openPage(own.context, '/')
    await second.page.locator('[data-test=live][data-status=on]').waitFor()
    assert.equal(streams, 1)
    await first.page.close()
    await eventually('the second tab takes over', async () => streams === 2, 20_000)
    await second.page.locator('[data-test=live][data-status=on]').waitFor()
    assert.deepEqual(second.faults, [])
  } finally {
    await own.close()
  }
})

test('a lost server is told, the data stay, and it goes on by itself', { timeout: 120_000 }, async () => {
  const own = await openBrowser()
  try {
    const { page } = await openPage(own.context, '/')
    await page.locator('[data-test=reading]').first().waitFor({ timeout: 60_000 })
    const rows = await page.locator('[data-test=reading]').count()
    await own.context.setOffline(true)
    // An open stream survives the switch; a new load of the page's data does not.
    await page.locator('[data-test=lost-banner]').waitFor({ timeout: 60_000 })
    assert.ok((await page.locator('[data-test=reading]').count()) >= rows)
    await own.context.setOffline(false)
    await page.locator('[data-test=lost-banner]').waitFor({ state: 'detached', timeout: 60_000 })
  } finally {
    await own.close()
  }
})

test('nothing overflows a phone, and axe finds nothing serious', { timeout: 300_000 }, async (t) => {
  const { meter, frame } = await readMeter()
  const { items } = await getJson('/lines')
  const paths = [
    '/', '/lines', `/lines/${items[0].id}`, '/meters', '/meters?state=missing', `/meters/${meter.id}`,
    `/meters/${meter.id}?frame=${frame.id}`, `/frames/${frame.id}`, '/no/such/page',
  ]
  for (const [locale, tag] of [['zh-CN', 'zh-CN'], ['de-DE', 'de-DE']]) {
    for (const size of [{ width: 1366, height: 768 }, { width: 390, height: 844 }]) {
      const own = await openBrowser({ ...size, locale })
      try {
        for (const path of paths) {
          await t.test(`${path} in ${locale} at ${size.width}`, () =>
            visit(path, async (page) => {
              await page.locator(`html[lang=${tag}]`).waitFor({ state: 'attached' })
              await page.locator('h1').first().waitFor()
              await page.waitForLoadState('load')
              await page.waitForTimeout(900) // drawers slide, lists arrive
              assert.ok((await overflow(page)) <= 0, `${await overflow(page)} px too wide`)
              assert.deepEqual(await axeFindings(page), [])
            }, own.context))
        }
      } finally {
        await own.close()
      }
    }
  }
})
