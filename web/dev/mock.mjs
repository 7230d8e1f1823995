/* A stand-in for the server, for work on the console without a C toolchain: 48 flats with a heat and a water
 * meter each, one building meter, two lines, two dead meters, live events, real M-Bus bytes.
 *
 *   node dev/mock.mjs [--port 5180] [--dist ../dist]
 *
 * It serves web/dist with the Content-Security-Policy of the real server. It keeps the contract of openapi.yaml,
 * but it measures nothing: every value is made up. */
import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { extname, join, normalize } from 'node:path'
import { parseArgs } from 'node:util'
import { buildFrame } from './mock-frame.mjs'
import { createGateways } from './mock-gateways.mjs'
import { createWishes } from './mock-wishes.mjs'

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '5180' },
    dist: { type: 'string', default: fileURLToPath(new URL('../dist', import.meta.url)) },
  },
})

const STEP_MS = 700 // one read per step
const STARTED = Date.now()
const DAY_MS = 86_400_000
const iso = (ms) => new Date(ms).toISOString()

/* --- the building --- */

const zero = {
  requests: 0, answers: 0, silence: 0, noise: 0, checksum: 0, format: 0, foreign: 0, echo: 0, refused: 0,
  framing: 0, collision: 0, late: 0, doubted: 0, reads_ok: 0, reads_failed: 0, bytes_out: 0, bytes_in: 0,
}
const lines = [
  { id: 1, name: '1号楼 热量表 M-Bus', transport: 'tcp', endpoint: '127.0.0.1:10001', baud: 2400, period_s: 60 },
  { id: 2, name: '1号楼 水表 CJ/T 188', transport: 'dtu', endpoint: 'HENG0001', baud: 2400, period_s: 60 },
].map((line) => ({
  ...line, state: 'reading', since: iso(STARTED), last_answer_at: null, counters: { ...zero },
}))
const history = new Map(lines.map((line) => [line.id, [{ at: iso(STARTED), state: 'reading' }]]))

const meters = []
function addMeter(number, protocol, address, medium, place, line) {
  const id = meters.length + 1
  meters.push({
    id, number, protocol, address, medium, place, line, state: 'never', misses: 0, outcome: undefined,
    manufacturer: protocol === 'mbus' ? 'QDS' : '0011', lastTry: null, lastRead: null, frames: [],
    dead: medium !== 'heat' ? id === 64 : id === 17,
    conditions: id === 3 ? ['battery low', 'temperature sensor fault', 'tamper', 'valve closed', 'unnamed'] : [],
  })
}
for (let i = 0; i < 48; i++) {
  const place = `1号楼 / ${Math.floor(i / 12) + 1}单元 / ${Math.floor(i / 2) % 6 + 1}0${i % 2 + 1}`
  addMeter(`230700${String(i + 1).padStart(2, '0')}`, 'mbus', String(i + 1), 'heat', place, 1)
}
for (let i = 0; i < 48; i++) {
  addMeter(`880100230600${String(i + 1).padStart(2, '0')}`, 'cjt188', `880100230600${String(i + 1).padStart(2, '0')}`,
    'cold water', meters[i].place, 2)
}
addMeter('23079100', 'mbus', '200', 'heat', '1号楼', 1)

/* The places by the paths of the meters: building, staircase, flat. */
const places = []
function placeOf(path) {
  const known = places.find((place) => place.path === path)
  if (known) return known
  const parts = path.split(' / ')
  const parent = parts.length > 1 ? placeOf(parts.slice(0, -1).join(' / ')) : undefined
  const kind = ['building', 'unit', 'household'][parts.length - 1]
  const place = { id: places.length + 1, parent: parent?.id, kind, name: parts.at(-1), path }
  places.push(place)
  return place
}
for (const m of meters) placeOf(m.place)

function isBelow(m, id) {
  const path = places.find((place) => place.id === id)?.path
  return path !== undefined && (m.place === path || m.place.startsWith(`${path} / `))
}

const positionOf = (m) => meters.filter((other) => other.line === m.line && other.id <= m.id).length

function hintOf(own, dead) {
  const at = own.indexOf(dead) + 1
  return { kind: 'meter', from: at, to: at, text: `'${dead.number}' alone is mute: look at that meter and its own wires` }
}

const noise = (seed) => {
  const x = Math.sin(seed * 12.9898) * 43758.5453
  return x - Math.floor(x)
}

/* What meter m shows at a moment, in whole smallest steps. */
function physics(m, ms) {
  const hours = (ms - STARTED) / 3_600_000
  const day = Math.sin((ms % DAY_MS) / DAY_MS * 2 * Math.PI)
  const scale = m.number === '23079100' ? 48 : 1
  const load = (0.8 + 0.25 * day + 0.1 * noise(m.id + Math.floor(ms / 60_000))) * (0.7 + 0.6 * noise(m.id))
  return {
    energyKwh: Math.floor(scale * (8_000 + m.id * 37 + hours * 2.4)),
    volumeL: Math.floor(scale * (412_000 + m.id * 911 + hours * 130)),
    powerW: Math.round(scale * load * 2_600),
    flowL: Math.round(scale * load * 128),
    supply: Math.round(10 * (46 + 3 * day + noise(ms / 1000 + m.id))),
    back: Math.round(10 * (31 + 2 * day + noise(ms / 900 + m.id))),
    waterL: Math.floor(95_000 + m.id * 613 + hours * 14),
  }
}

/* [quantity, unit, value] of each register */
function registers(m, ms) {
  const p = physics(m, ms)
  if (m.protocol === 'cjt188') {
    return [
      ['volume', 'm3', `${Math.floor(p.waterL / 1000)}.${String(p.waterL % 1000).padStart(3, '0')}`, 0],
      ['volume', 'm3', null, 1, 'not available'],
      ['valve state', '', 'open', 0],
    ]
  }
  const tenth = (v) => `${Math.floor(v / 10)}.${v % 10}`
  return [
    ['heat energy', 'Wh', String(p.energyKwh * 1000), 0],
    ['volume', 'm3', `${Math.floor(p.volumeL / 1000)}.${String(p.volumeL % 1000).padStart(3, '0')}`, 0],
    ['power', 'W', String(p.powerW), 0],
    ['volume flow', 'm3/h', `${Math.floor(p.flowL / 1000)}.${String(p.flowL % 1000).padStart(3, '0')}`, 0],
    ['flow temperature', 'degC', tenth(p.supply), 0],
    ['return temperature', 'degC', tenth(p.back), 0],
    ['temperature difference', 'K', tenth(p.supply - p.back), 0],
    ['on time', 's', String(Math.floor(31_000 + (ms - STARTED) / 3_600_000) * 3600), 0],
    ['heat energy', 'Wh', String(p.energyKwh * 1000 - 400_000), 1],
    ['date', '', '2026-10-31', 1],
  ]
}

function valuesOf(m, ms, frame) {
  return registers(m, ms).map(([quantity, unit, value, storage, reason], index) => ({
    register: m.id * 100 + index + 1, quantity, unit, function: 'instantaneous', storage, tariff: 0, subunit: 0,
    qualifier: '', value, ...(reason ? { reason } : {}), at: iso(ms), ...(frame ? { frame } : {}),
  }))
}

/* --- reading, one meter per step --- */

const frames = new Map()
const clients = new Set()
let nextFrame = 1
let nextEvent = 1
let readings = 0

function send(name, data) {
  const text = `id: ${nextEvent++}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`
  for (const client of clients) client.write(text)
}

function publicLine(line) {
  const own = meters.filter((m) => m.line === line.id)
  const dead = own.filter((m) => m.state !== 'ok')
  return {
    ...line, meters: own.length, meters_ok: own.length - dead.length, health: 100 - 2 * dead.length, queued: waiting(line),
    quarantined: dead.length, cycle_s: 34, dead_s: dead.length,
    ...(dead.length === 1 ? { hint: hintOf(own, dead[0]) } : {}),
  }
}

function publicMeter(m) {
  return {
    id: m.id, number: m.number, protocol: m.protocol, address: m.address, medium: m.medium,
    profile: '', manufacturer: m.manufacturer, place: m.place, line_id: m.line, line_name: lines[m.line - 1].name,
    state: m.state, last_outcome: m.outcome, last_try_at: m.lastTry && iso(m.lastTry),
    last_read_at: m.lastRead && iso(m.lastRead), misses: m.misses, quarantined: m.misses > 3,
    answer_ms: m.lastRead ? 20 + (m.id % 7) : undefined, position: positionOf(m),
    main: m.lastRead ? valuesOf(m, m.lastRead, m.frames.at(-1))[0] : undefined,
  }
}

function liveOf(m) {
  return {
    meter_id: m.id, number: m.number, medium: m.medium, place: m.place, line_id: m.line, at: iso(m.lastRead),
    frame: m.frames.at(-1), main: valuesOf(m, m.lastRead, m.frames.at(-1))[0],
  }
}

function read(m, ms) {
  const line = lines[m.line - 1]
  m.lastTry = ms
  line.counters.requests++
  line.counters.bytes_out += 5
  if (m.dead) {
    line.counters.requests += 2
    line.counters.silence += 3
    line.counters.reads_failed++
    m.misses++
    m.outcome = 'silence'
    if (m.id === 17 && !m.lastRead) m.lastRead = STARTED - 3 * DAY_MS
    m.state = m.lastRead ? 'missing' : 'never'
    return
  }
  const built = buildFrame(m, registers(m, ms))
  const id = nextFrame++
  frames.set(id, { id, meter_id: m.id, at: iso(ms), protocol: m.protocol, ...built })
  m.frames.push(id)
  if (m.frames.length > 200) frames.delete(m.frames.shift())
  m.lastRead = ms
  m.misses = 0
  m.state = 'ok'
  m.outcome = 'ok'
  line.last_answer_at = iso(ms)
  line.counters.answers++
  line.counters.reads_ok++
  line.counters.bytes_in += built.length
  readings++
}

let turn = 0
for (const m of meters) for (let k = 30; k > 0; k--) if (!m.dead || k === 1) read(m, STARTED - k * 60_000 - m.id * 300)
setInterval(() => {
  const m = meters[turn++ % meters.length]
  read(m, Date.now())
  if (m.dead) send('line', publicLine(lines[m.line - 1]))
  else send('reading', liveOf(m))
}, STEP_MS)
setInterval(() => {
  for (const client of clients) client.write(': still here\n\n')
}, 15_000)

/* --- the API --- */

class Refusal extends Error {
  constructor(status, code, detail) {
    super(detail)
    Object.assign(this, { status, code })
  }
}

function find(list, id, what) {
  const found = list.find((item) => item.id === Number(id))
  if (!found) throw new Refusal(404, 'notfound', `no ${what} ${id}`)
  return found
}

function series(m, query) {
  const register = Number(query.get('register'))
  const from = Date.parse(query.get('from'))
  const to = Date.parse(query.get('to'))
  const points = Math.min(2000, Number(query.get('points') ?? 500))
  const index = register - m.id * 100 - 1
  const sample = registers(m, to)[index]
  if (!sample || Number.isNaN(from) || Number.isNaN(to)) throw new Refusal(400, 'range', 'no such register or range')
  const period = 60_000
  const width = Math.ceil((to - from) / points / period) * period
  const bucketed = width > period
  const out = []
  let gap = false
  for (let at = Math.ceil(from / width) * width; at <= to; at += width) {
    const inGap = Math.floor(at / (DAY_MS / 4)) % 7 === 3 || (to - from <= 3_600_000 && at % 3_600_000 < 600_000)
    if (inGap || at < to - 20 * DAY_MS) {
      gap = true
      continue
    }
    const last = registers(m, at)[index][2]
    const spread = (k) => registers(m, at + k * width / 5)[index][2]
    const all = bucketed ? [0, 1, 2, 3].map(spread).filter((v) => v !== null) : [last]
    const ordered = all.filter((v) => v !== null).sort((a, b) => Number(a) - Number(b))
    out.push({ at: iso(at), last, min: ordered[0] ?? null, max: ordered.at(-1) ?? null, count: all.length, gap })
    gap = false
  }
  return {
    register, quantity: sample[0], unit: sample[1], from: iso(from), to: iso(to),
    bucket_s: bucketed ? width / 1000 : 0, points: out,
  }
}

const routes = [
  [/^\/health$/, () => ({
    status: 'ok', version: '0.1.0', now: iso(Date.now()), started_at: iso(STARTED), site: 'Heng demo site',
    time_zone: 'Asia/Shanghai',
  })],
  [/^\/overview$/, () => {
    const count = (state) => meters.filter((m) => m.state === state).length
    const shown = lines.map(publicLine)
    return {
      now: iso(Date.now()), site: 'Heng demo site', meters: meters.length, meters_ok: count('ok'),
      meters_missing: count('missing'), meters_never: count('never'), lines: lines.length,
      lines_trouble: lines.filter((l) => l.state === 'down').length, readings,
      trouble: shown.filter((l) => l.meters_ok < l.meters),
      newest: meters.filter((m) => m.state === 'ok').sort((a, b) => b.lastRead - a.lastRead).slice(0, 20).map(liveOf),
    }
  }],
  [/^\/places$/, () => ({ items: places.map(({ path, ...place }) => place) })],
  [/^\/lines$/, () => ({ items: lines.map(publicLine) })],
  [/^\/lines\/(\d+)$/, (id) => publicLine(find(lines, id, 'line'))],
  [/^\/lines\/(\d+)\/events$/, (id) => ({ items: history.get(find(lines, id, 'line').id) })],
  [/^\/meters$/, (_, query) => {
    const q = (query.get('q') ?? '').toLowerCase()
    const keep = (m) =>
      (!q || [m.number, m.address, m.place].some((text) => text.toLowerCase().includes(q))) &&
      (!query.get('line') || m.line === Number(query.get('line'))) &&
      (!query.get('place') || isBelow(m, Number(query.get('place')))) &&
      (!query.get('medium') || m.medium === query.get('medium')) &&
      (!query.get('state') || m.state === query.get('state'))
    const found = meters.filter(keep)
    const offset = Number(query.get('offset') ?? 0)
    const end = offset + Number(query.get('limit') ?? 50)
    return { items: found.slice(offset, end).map(publicMeter), total: found.length }
  }],
  [/^\/meters\/(\d+)$/, (id) => {
    const m = find(meters, id, 'meter')
    return { meter: publicMeter(m), values: m.lastRead ? valuesOf(m, m.lastRead, m.frames.at(-1)) : [],
      conditions: m.lastRead ? m.conditions : [] }
  }],
  [/^\/meters\/(\d+)\/series$/, (id, query) => series(find(meters, id, 'meter'), query)],
  [/^\/meters\/(\d+)\/frames$/, (id, query) => {
    const before = Number(query.get('before') ?? Number.MAX_SAFE_INTEGER)
    const ids = find(meters, id, 'meter').frames.filter((frame) => frame < before).reverse()
    const items = ids.slice(0, Number(query.get('limit') ?? 50)).map((frame) => frames.get(frame))
    return { items: items.map(({ decoded, fields, ...frame }) => frame) }
  }],
  [/^\/frames\/(\d+)$/, (id) => {
    const { decoded, fields, ...frame } = frames.get(Number(id)) ?? find([], id, 'frame')
    return { frame, decoded, fields }
  }],
]

const wishes = createWishes({ lines, meters, isBelow, read, send, liveOf, iso, Refusal })
const askGateways = createGateways({ lines, iso, send, Refusal })
const waiting = (line) => wishes.waiting(line.id)

function answer(response, status, type, body) {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Security-Policy':
      "default-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; " +
      "frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
  })
  response.end(body)
}

function stream(request, response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  response.write(request.headers['last-event-id'] ? `event: reload\ndata: {}\n\n` : ': hello\n\n')
  clients.add(response)
  request.on('close', () => clients.delete(response))
}

const TYPES = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml',
}

async function asset(path, response) {
  const inside = normalize(path).replace(/^([/\\.])+/, '')
  const file = extname(inside) ? inside : 'index.html' // history-mode URLs belong to the page
  try {
    answer(response, 200, TYPES[extname(file)] ?? 'application/octet-stream', await readFile(join(options.dist, file)))
  } catch {
    answer(response, 404, 'text/plain', `no ${file} in ${options.dist}; run script/build-web first\n`)
  }
}

async function bodyOf(request) {
  let text = ''
  for await (const part of request) text += part
  return text ? JSON.parse(text) : {}
}

createServer(async (request, response) => {
  const url = new URL(request.url, 'http://mock')
  if (!url.pathname.startsWith('/api/')) return void asset(url.pathname, response)
  const path = url.pathname.replace('/api/v1', '')
  if (path === '/events') return stream(request, response)
  try {
    const body = request.method === 'GET' ? {} : await bodyOf(request)
    const gateways = askGateways(request.method, path, url.searchParams, body)
    if (gateways) return answer(response, 200, 'application/json', JSON.stringify(gateways))
    const wish = wishes.answer(request.method, path, url.searchParams, body)
    if (wish) return answer(response, request.method === 'POST' ? 202 : 200, 'application/json', JSON.stringify(wish))
    for (const [pattern, handler] of routes) {
      const match = pattern.exec(path)
      if (match) {
        return answer(response, 200, 'application/json', JSON.stringify(handler(match[1], url.searchParams)))
      }
    }
    throw new Refusal(404, 'notfound', `no path ${path}`)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const problem = { title: error.message, status: error.status, code: error.code, detail: error.message }
    return answer(response, error.status, 'application/problem+json', JSON.stringify(problem))
  }
}).listen(Number(options.port), '127.0.0.1', () => {
  console.log(`mock: http://127.0.0.1:${options.port}/`)
})
