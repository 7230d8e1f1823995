/* Gateways in the console: two real boxes ask to be let in; one becomes the gateway of the cellar, the other is
 * refused. What is done here is done to real programs, one test after the other. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { axeFindings, BASE, eventually, getJson, openBrowser, openPage, overflow } from './browser.mjs'

const codes = JSON.parse(process.env.HENG_CODES ?? '{}')
let browser

before(async () => {
  assert.ok(codes['Cellar box'], 'tests/browser/run starts the boxes and says their codes')
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
})

/* expected: the refusals that a test provokes; the browser reports each as an error of the network. */
async function visit(path, act, { context = browser.context, expected = [] } = {}) {
  const { page, faults } = await openPage(context, path)
  try {
    await act(page)
    assert.deepEqual(faults.filter((fault) => !expected.some((status) => fault.includes(`status of ${status}`))), [])
  } finally {
    await page.close()
  }
}

const gatewayOf = async (key) => (await getJson('/gateways')).items.find((gateway) => gateway.key === key)
const row = (page, key) => page.locator(`[data-test=gateway][data-key=${key}]`)
const stateOf = (page, key) => row(page, key).locator('.tag').getAttribute('data-state')

test('the tree shows who is described and has no box, and what a first box needs', { timeout: 60_000 }, async () => {
  await visit('/gateways', async (page) => {
    await row(page, 'cellar').waitFor()
    assert.deepEqual(await page.locator('[data-test=gateway]').evaluateAll((rows) => rows.map((one) => one.dataset.key)), ['cellar', 'stair-1'])
    assert.equal(await stateOf(page, 'cellar'), 'declared')
    const indent = async (key) => (await row(page, key).locator('a').first().boundingBox()).x
    assert.ok((await indent('stair-1')) > (await indent('cellar')) + 10, 'a collector stands below its concentrator')
    await page.locator('summary').click()
    assert.match(await page.locator('.steps-to-do').textContent(), /heng-gateway run --dir/)
  })
})

test('the first page tells who waits, with a way there', { timeout: 60_000 }, async () => {
  await visit('/', async (page) => {
    const list = page.locator('[data-test=gateway-attention]')
    await list.waitFor()
    assert.match(await list.locator('[data-test=boxes-waiting]').textContent(), /2 boxes wait to be accepted/)
    const cellar = list.locator('[data-test=gateway-trouble][data-key=cellar]')
    assert.equal(await cellar.locator('[data-trouble=declared]').count(), 1)
    assert.deepEqual(await axeFindings(page), [])
    await cellar.locator('a').click()
    await page.waitForURL(/\/gateways\/\d+$/)
  })
})

test('a wrong code lets nobody in, the code of the box does, by the keyboard', { timeout: 120_000 }, async () => {
  await visit('/gateways', async (page) => {
    const box = page.locator('[data-test=enrolment]', { hasText: 'Cellar box' })
    await box.waitFor()
    const shown = await box.locator('.box-code').textContent()
    assert.ok(shown.startsWith(codes['Cellar box'].slice(0, 4)) && !shown.includes(codes['Cellar box'].slice(5)), shown)
    await box.locator('[data-test=accept]').focus()
    await page.keyboard.press('Enter')
    const dialog = page.locator('[data-test=confirm]')
    const yes = dialog.locator('[data-test=confirm-yes]')
    assert.ok(await yes.isDisabled(), 'nothing is accepted without a code')
    assert.deepEqual(await axeFindings(page), [])
    await page.keyboard.type(`${codes['Cellar box'].slice(0, 10)}0000`) // the field has the focus
    assert.ok(await yes.isDisabled(), 'which gateway it becomes is for people to say')
    await dialog.locator('[data-test=becomes]').selectOption({ label: 'Cellar (cellar)' })
    await dialog.locator('[data-test=code]').press('Enter')
    await dialog.locator('[data-test=wish-problem]').waitFor()
    assert.match(await dialog.locator('[data-test=wish-problem]').textContent(), /not the code of the box/)
    assert.equal((await gatewayOf('cellar')).state, 'declared')

    await dialog.locator('[data-test=code]').fill(codes['Cellar box'].toLowerCase())
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await box.waitFor({ state: 'detached' })
    await eventually('the gateway to be connected, on the open page', async () => (await stateOf(page, 'cellar')) === 'connected', 30_000)
    const applied = await eventually('its configuration', async () => {
      const gateway = await gatewayOf('cellar')
      return gateway.applied_version > 0 && gateway.applied_version === gateway.config_version ? gateway : null
    }, 30_000)
    assert.ok(applied.lines === 1 && applied.meters > 0)
  }, { expected: [403] })
})

test('a box that nobody knows is refused, with the reason', { timeout: 60_000 }, async () => {
  await visit('/gateways', async (page) => {
    const box = page.locator('[data-test=enrolment]', { hasText: "Stranger's box" })
    await box.locator('[data-test=refuse]').click()
    const dialog = page.locator('[data-test=confirm]')
    assert.ok(await dialog.locator('[data-test=confirm-yes]').isDisabled())
    await dialog.locator('[data-test=why]').fill('it is not ours')
    await dialog.locator('[data-test=confirm-yes]').click()
    await box.waitFor({ state: 'detached' })
    const { items } = await getJson('/enrolments?state=refused')
    assert.equal(items[0].why, 'it is not ours')
  })
})

test('the page of a gateway: its lines, its events, what the box says of itself', { timeout: 120_000 }, async () => {
  const gateway = await gatewayOf('cellar')
  await eventually('a reading through the gateway', async () => (await getJson('/lines')).items.some((line) => line.gateway_id === gateway.id && line.last_answer_at))
  await visit(`/gateways/${gateway.id}`, async (page) => {
    await page.locator('[data-test=gateway-line]').waitFor()
    assert.equal(await page.locator('[data-test=gateway-line]').count(), 1)
    await page.locator('[data-test=gateway-event][data-kind=config-applied]').first().waitFor()
    assert.match(await page.locator('[data-test=gateway-event][data-kind=config-applied]').first().textContent(), /Configuration \d+ is in force/)
    await page.locator('[data-test=gateway-event][data-kind=enrolled]').waitFor()
    for (const what of ['status', 'log']) {
      await page.locator(`[data-test=ask-${what}]`).click()
      await eventually(`the ${what} of the box`, async () => /\w{3}/.test(await page.locator('[data-test=said] pre').textContent().catch(() => '')), 20_000)
    }
    assert.deepEqual(await axeFindings(page), [])
    await page.locator('[data-test=gateway-line] a').click()
    await page.waitForURL(/\/lines\/\d+$/)
    await page.locator('dl.facts a', { hasText: 'Cellar' }).waitFor()
  })
})

test('a tunnel says where to connect, and how long that is possible', { timeout: 60_000 }, async () => {
  const gateway = await gatewayOf('cellar')
  await visit(`/gateways/${gateway.id}`, async (page) => {
    await page.locator('[data-test=tunnel]').click()
    const dialog = page.locator('[data-test=confirm]')
    await dialog.locator('[data-test=who]').fill("A. O'Weber")
    await dialog.locator('[data-test=why]').fill('baud rate')
    assert.match(await dialog.locator('code').textContent(), /^heng gateway tunnel --line \d+ --who 'A\. O'\\''Weber' --why 'baud rate' --seconds 900/)
    await dialog.locator('[data-test=confirm-yes]').click()
    const open = dialog.locator('[data-test=tunnel-open]')
    await open.waitFor()
    assert.match(await open.textContent(), /127\.0\.0\.1:\d+/)
    assert.match(await open.textContent(), /[0-9a-f]{32}/)
    assert.deepEqual(await axeFindings(page), [])
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  })
})

test('all languages fit on a phone', { timeout: 120_000 }, async () => {
  const gateway = await gatewayOf('cellar')
  for (const locale of ['zh-CN', 'de-DE']) {
    const phone = await openBrowser({ width: 390, height: 844, locale })
    try {
      for (const path of ['/', '/gateways', `/gateways/${gateway.id}`]) {
        await visit(path, async (page) => {
          await page.locator(path === '/' ? '[data-test=gateway-attention]' : '[data-test=gateway-event]').first().waitFor()
          assert.equal(await overflow(page), 0, `${locale} ${path}`)
          assert.deepEqual(await axeFindings(page), [])
          assert.doesNotMatch(await page.locator('main').textContent(), /(overview|gateway(s|Event|State|Trouble|Try)|eventDetail)\.\w/)
        }, { context: phone.context })
      }
    } finally {
      await phone.close()
    }
  }
})

test('revoking asks for the name, and is in force at once', { timeout: 60_000 }, async () => {
  const gateway = await gatewayOf('cellar')
  await visit(`/gateways/${gateway.id}`, async (page) => {
    await page.locator('[data-test=revoke]').click()
    const dialog = page.locator('[data-test=confirm]')
    const yes = dialog.locator('[data-test=confirm-yes]')
    await dialog.locator('[data-test=who]').fill('A. Weber')
    await dialog.locator('[data-test=why]').fill('the box was stolen')
    await dialog.locator('[data-test=typed]').fill('Cella')
    assert.ok(await yes.isDisabled(), 'half a name is no confirmation')
    await dialog.locator('[data-test=typed]').fill('Cellar')
    await yes.click()
    await dialog.waitFor({ state: 'detached' })
    await page.locator('.page-head [data-state=revoked]').waitFor()
    await page.locator('[data-test=gateway-event][data-kind=revoked]', { hasText: 'A. Weber: the box was stolen' }).waitFor()
    assert.equal(await page.locator('[data-test=tunnel]').count(), 0)
    await eventually('the gateway to be out', async () => !(await gatewayOf('cellar')).connected, 10_000)
  })
})

test('who was revoked and comes again is on the first page, and its event is told in the language of the reader', { timeout: 120_000 }, async () => {
  const gateway = await gatewayOf('cellar')
  await eventually('the box to be refused', async () => (await getJson(`/gateways/${gateway.id}/events`)).items.some((event) => event.kind === 'refused'), 60_000)
  await visit('/', async (page) => {
    const cellar = page.locator('[data-test=gateway-trouble][data-key=cellar]')
    await cellar.locator('[data-trouble=refusedToday]').waitFor()
    await cellar.locator('a').click()
    await page.waitForURL(/\/gateways\/\d+$/)
  })
  const chinese = await openBrowser({ width: 390, height: 844, locale: 'zh-CN' })
  try {
    await visit(`/gateways/${gateway.id}`, async (page) => {
      const event = page.locator('[data-test=gateway-event][data-kind=refused]').first()
      await event.waitFor()
      assert.match(await event.locator('.detail-text').textContent(), /^127\.0\.0\.1:\d+：[\u4e00-\u9fff，。]+$/)
    }, { context: chinese.context })
  } finally {
    await chinese.close()
  }
})
