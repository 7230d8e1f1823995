/* What people ask for from the console: reads, searches, commands. The simulator answers as meters do, so what is
 * compared is the page with the API, never with a wish. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { axeFindings, BASE, eventually, getJson, openBrowser, openPage, overflow } from './browser.mjs'

let browser
let heat // a line of M-Bus meters
let water // a line of CJ/T 188 meters

before(async () => {
  browser = await openBrowser()
  const { items } = await getJson('/lines')
  for (const line of items) {
    const { items: meters } = await getJson(`/meters?line=${line.id}&limit=500`)
    if (meters[0]?.protocol === 'mbus') heat = { line, meters }
    if (meters[0]?.protocol === 'cjt188') water = { line, meters }
  }
  assert.ok(heat && water, 'the site has a line of heat meters and one of water meters')
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

const answering = async (lineId) =>
  eventually('a meter that answers', async () => (await getJson(`/meters?line=${lineId}&state=ok&limit=1`)).items[0])

const newestCommand = async (meterId) => (await getJson(`/commands?meter=${meterId}&limit=1`)).items[0]

/* The newest order on the page, when it has ended: as the page and as the API say. */
async function ended(page, meterId, order) {
  const shown = page.locator(`[data-test=command][data-order=${order}]`).first()
  let command // the API knows the newest one at once; the page may still show the one before it
  await eventually(`the end of ${order}`, async () => {
    command = await newestCommand(meterId)
    return command?.order === order && ['confirmed', 'failed', 'expired', 'cancelled'].includes(command.stage)
  }, 60_000)
  await eventually(`the end of ${order} on the page`, async () =>
    (await shown.getAttribute('data-id')) === String(command.id) && (await shown.getAttribute('data-stage')) === command.stage, 15_000)
  return { shown, command }
}

test('read one meter now: the result arrives on the open page, with its proof', { timeout: 120_000 }, async () => {
  const meter = await answering(heat.line.id)
  await visit(`/meters/${meter.id}`, async (page) => {
    await page.locator('[data-test=order-read]').waitFor()
    await page.evaluate(() => (window.hengSamePage = true))
    await page.locator('[data-test=order-read]').click()
    const { shown, command } = await ended(page, meter.id, 'read')
    assert.equal(command.stage, 'confirmed')
    await shown.locator('[data-test=proof]').first().click()
    await page.waitForURL(new RegExp(`frame=${command.frames[0]}$`))
    await page.locator('[data-test=frame-view] [data-test=field]').first().waitFor()
    assert.equal(await page.evaluate(() => window.hengSamePage), true)
  })
})

test('read a whole line: every meter gets a result, and a reload of the page finds them again', { timeout: 180_000 }, async () => {
  await visit(`/lines/${heat.line.id}`, async (page) => {
    await page.locator('[data-test=read-line]').click()
    const run = page.locator('[data-test=read-run]').first()
    await run.locator('[data-test=read-result]').first().waitFor({ timeout: 60_000 })
    await page.reload() // in the middle
    await eventually('all results', async () => (await run.locator('[data-test=read-result]').count()) === heat.meters.length, 120_000)
    await run.and(page.locator('[data-over=true]')).waitFor()
    const good = run.locator('[data-stage=confirmed][data-test=read-result]')
    assert.ok((await good.count()) >= heat.meters.length - 2)
    assert.match(await good.first().locator('.value').textContent(), /\d/)
    const bad = run.locator('[data-stage=failed][data-test=read-result]')
    for (const text of await bad.locator('.row-value').allTextContents()) assert.ok(text.trim().length > 3, 'says why')
    await run.locator('[data-test=read-close]').click()
    await run.waitFor({ state: 'detached' })
  })
})

test('what was not asked yet can be taken back', { timeout: 120_000 }, async () => {
  await visit(`/lines/${water.line.id}`, async (page) => {
    await page.locator('[data-test=read-line]').click()
    const run = page.locator('[data-test=read-run]').first()
    await run.locator('[data-test=read-cancel]').click()
    await run.and(page.locator('[data-over=true]')).waitFor({ timeout: 60_000 })
    assert.ok((await run.locator('[data-test=read-result][data-stage=cancelled]').count()) > 0)
  })
})

test('meters that are marked are read, and all at a place', { timeout: 180_000 }, async () => {
  const { items: places } = await getJson('/places')
  const place = places.find((one) => one.parent)
  const { total } = await getJson(`/meters?place=${place.id}&limit=1`)
  assert.ok(total > 1)
  // A line behind a gateway that is not let in, or was sent away, cannot be asked: its meters are refused at once.
  const { items: lines } = await getJson('/lines')
  const ours = new Set(lines.filter((line) => !line.gateway_id).map((line) => line.id))
  const { items: meters } = await getJson(`/meters?place=${place.id}&limit=500`)
  const asked = meters.filter((meter) => ours.has(meter.line_id)).length
  assert.ok(asked > 1)
  await visit('/meters', async (page) => {
    const boxes = page.locator('[data-test=select]')
    await boxes.first().waitFor()
    await boxes.nth(1).focus()
    await page.keyboard.press('Space')
    await boxes.nth(2).check()
    await page.locator('[data-test=read-selected]').click()
    const run = page.locator('[data-test=read-run]').first()
    await eventually('two results', async () => (await run.locator('[data-test=read-result]').count()) === 2, 60_000)

    await page.locator('[data-test=choose-place]').click()
    await page.locator(`[data-test=place][data-id="${place.id}"]`).click()
    await page.waitForURL(new RegExp(`place=${place.id}`))
    const shown = page.locator('[data-test=total]')
    await eventually('the meters of the place', async () =>
      Number(await shown.getAttribute('data-total').catch(() => '0')) === total, 10_000)
    await page.locator('[data-test=read-place]').click()
    await eventually('all results of the place', async () =>
      (await run.locator('[data-test=read-result]').count()) >= asked, 120_000)
  })
})

test('a search shows what was found, and goes on after it was stopped', { timeout: 240_000 }, async () => {
  await visit(`/lines/${heat.line.id}`, async (page) => {
    const panel = page.locator('[data-test=search]')
    await panel.locator('[data-test=search-kind]').selectOption('mbus-primary')
    await panel.locator('[data-test=search-all]').check()
    await panel.locator('[data-test=search-start]').click()
    await panel.locator('[data-test=search-item][data-status=known]').first().waitFor({ timeout: 60_000 })
    await page.reload()
    await panel.locator('[data-test=search-stop]').click()
    await panel.locator('[data-test=search-resume]').waitFor({ timeout: 30_000 })
    const before = (await getJson(`/lines/${heat.line.id}/search`)).search
    assert.equal(before.running, false)
    assert.equal(before.ended, false)
    await panel.locator('[data-test=search-resume]').click()
    await eventually('more requests than before', async () =>
      (await getJson(`/lines/${heat.line.id}/search`)).search.requests > before.requests, 60_000)
    await panel.locator('[data-test=search-stop]').click()
    await panel.locator('[data-test=search-start]').waitFor({ timeout: 30_000 })

    await panel.locator('[data-test=search-known]').check()
    await panel.locator('[data-test=search-start]').click()
    const search = await eventually('the end of the search for known meters', async () => {
      const now = await getJson(`/lines/${heat.line.id}/search`)
      return now.search.known_only && now.search.ended ? now : null
    }, 120_000)
    const found = search.items.filter((item) => item.status !== 'missing').length
    assert.ok(found >= heat.meters.length - 2, `${found} of ${heat.meters.length} found`)
    await eventually('the same on the page', async () =>
      Number(await panel.locator('[data-test=search-found]').getAttribute('data-found')) === found, 10_000)
    assert.equal(await panel.locator('[data-test=search-item]').count(), search.items.length)
  })
})

test('a valve is asked for by name, and the page says what the meter says', { timeout: 120_000 }, async () => {
  const meter = await answering(water.line.id)
  await visit(`/meters/${meter.id}`, async (page) => {
    await page.locator('[data-test=order-disconnect]').waitFor()
    const earlier = (await newestCommand(meter.id))?.id ?? 0

    await page.locator('[data-test=order-disconnect]').focus()
    await page.keyboard.press('Enter')
    const dialog = page.locator('[data-test=confirm]')
    await dialog.waitFor()
    const text = await dialog.textContent()
    assert.ok(text.includes(meter.number) && text.includes(meter.place), text)
    assert.deepEqual(await axeFindings(page), [])
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    assert.equal((await newestCommand(meter.id))?.id ?? 0, earlier, 'nothing was ordered')

    await page.locator('[data-test=order-disconnect]').click()
    await dialog.locator('[data-test=confirm-yes]').click()
    await dialog.waitFor({ state: 'detached' })
    const { shown, command } = await ended(page, meter.id, 'disconnect')
    assert.ok(command.sent_at, 'it was sent')
    assert.equal(command.stage, 'confirmed', command.why)
    await shown.locator('[data-test=proof]').first().waitFor()
    await page.locator('[data-test=order-connect]').click()
    await dialog.locator('[data-test=confirm-yes]').click()
    const back = await ended(page, meter.id, 'connect')
    assert.equal(back.command.stage, 'confirmed', back.command.why)
  })
})

test('a wish that is not answered is told, changes nothing, and is asked again under its key', { timeout: 60_000 }, async () => {
  const own = await openBrowser()
  try {
    const meter = await answering(water.line.id)
    const { page } = await openPage(own.context, `/meters/${meter.id}`)
    const keys = []
    await page.route('**/api/v1/commands', async (route) => {
      if (route.request().method() !== 'POST') return route.continue()
      keys.push(route.request().postDataJSON().key)
      return keys.length === 1 ? route.abort() : route.continue()
    })
    await page.locator('[data-test=order-connect]').click()
    const dialog = page.locator('[data-test=confirm]')
    await dialog.locator('[data-test=confirm-yes]').click()
    await dialog.locator('[data-test=wish-problem]').waitFor()
    await dialog.locator('[data-test=confirm-yes]').click()
    await dialog.waitFor({ state: 'detached' })
    assert.equal(keys.length, 2)
    assert.equal(keys[0], keys[1])
    assert.ok(keys[0].length >= 16)
    await ended(page, meter.id, 'connect')
  } finally {
    await own.close()
  }
})

test('a second browser sees what the first one asks for', { timeout: 120_000 }, async () => {
  const own = await openBrowser({ locale: 'de-DE' })
  try {
    const meter = await answering(heat.line.id)
    const other = await openPage(own.context, `/meters/${meter.id}`)
    await other.page.locator('[data-test=orders]').waitFor()
    await other.page.locator('[data-test=live][data-status=on]').waitFor()
    await visit(`/meters/${meter.id}`, async (page) => {
      await page.locator('[data-test=order-read-clock]').click()
      const { command } = await ended(page, meter.id, 'read-clock')
      await eventually('the same order in the other browser', async () => {
        const shown = other.page.locator('[data-test=command]').first()
        return (await shown.getAttribute('data-order')) === 'read-clock' && (await shown.getAttribute('data-stage')) === command.stage
      }, 15_000)
    })
    assert.deepEqual(other.faults, [])
  } finally {
    await own.close()
  }
})

test('all clocks of a line: a question first, then what can be known of a broadcast', { timeout: 90_000 }, async () => {
  await visit(`/lines/${water.line.id}`, async (page) => {
    await page.locator('[data-test=sync-clocks]').click()
    const dialog = page.locator('[data-test=confirm]')
    assert.ok((await dialog.textContent()).includes(water.line.name))
    await dialog.locator('[data-test=confirm-yes]').click()
    const shown = page.locator('[data-test=broadcast] [data-test=command]')
    await shown.and(page.locator('[data-ended=true]')).waitFor({ timeout: 60_000 })
    assert.notEqual(await shown.getAttribute('data-stage'), 'confirmed', 'nobody answers a broadcast')
    assert.ok((await shown.locator('.command-why').textContent()).length > 10)
  })
})

test('reads, searches and questions fit a phone, and axe finds nothing serious', { timeout: 240_000 }, async (t) => {
  for (const [locale, tag] of [['zh-CN', 'zh-CN'], ['de-DE', 'de-DE']]) {
    for (const size of [{ width: 1366, height: 768 }, { width: 390, height: 844 }]) {
      const own = await openBrowser({ ...size, locale })
      const settled = async (page) => {
        await page.locator(`html[lang=${tag}]`).waitFor({ state: 'attached' })
        await page.waitForTimeout(700) // drawers slide
        assert.ok((await overflow(page)) <= 0, `${await overflow(page)} px too wide`)
        assert.deepEqual(await axeFindings(page), [])
      }
      try {
        await t.test(`a line in ${locale} at ${size.width}`, () =>
          visit(`/lines/${heat.line.id}`, async (page) => {
            await page.locator('[data-test=read-line]').click()
            await page.locator('[data-test=read-result]').first().waitFor({ timeout: 60_000 })
            await settled(page)
            await page.locator('[data-test=sync-clocks]').click()
            await page.locator('[data-test=confirm]').waitFor()
            await settled(page)
          }, own.context))
        await t.test(`marked meters and places in ${locale} at ${size.width}`, () =>
          visit('/meters', async (page) => {
            await page.locator('[data-test=select]').first().check()
            await settled(page)
            await page.locator('[data-test=choose-place]').click()
            await page.locator('[data-test=place]').first().waitFor()
            await settled(page)
          }, own.context))
        await t.test(`orders in ${locale} at ${size.width}`, () =>
          visit(`/meters/${water.meters[0].id}`, async (page) => {
            await page.locator('[data-test=order-disconnect]').click()
            await page.locator('[data-test=confirm]').waitFor()
            await settled(page)
          }, own.context))
      } finally {
        await own.close()
      }
    }
  }
})

test('the API refuses what no page of this server asked for', { timeout: 20_000 }, async () => {
  const answer = await fetch(`${BASE}/api/v1/reads`, { method: 'POST', body: JSON.stringify({ line: heat.line.id }) })
  assert.ok(answer.status >= 400, `HTTP ${answer.status} for a body that is not called JSON`)
})
