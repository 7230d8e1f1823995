/* Groups of reads that somebody asked for, while they run and after.
 *
 * The server tells the end of each read as an event `order` and keeps no list of groups. So a group that this tab
 * asked for lives here and in the tab's storage: after a reload of the page, or when events were lost, what the meters
 * themselves say (last try, last outcome) fills the holes. Groups of other windows are known by their events only. */
import { reactive } from 'vue'
import { serverNow } from './clock'
import { api, JSON_HEADERS, take, type LiveReading, type Meter, type OrderEvent, type Outcome, type ReadRequest,
  type Stage, type Value } from './client'
import { listen } from './live'

export type ReadTarget =
  | { kind: 'line'; id: number; name: string }
  | { kind: 'place'; id: number; name: string }
  | { kind: 'meters'; ids: number[]; name: string }

/* at: server's clock, ms */
export interface ReadResult {
  meterId: number
  lineId: number
  at: number
  stage: Stage
  outcome?: Outcome
  why?: string
}

/* accepted: how many will be asked; null for a group of another window. Times on the server's clock, ms. */
export interface ReadRun {
  id: number
  target: ReadTarget
  startedAt: number
  accepted: number | null
  refused: number
  why: string
  results: ReadResult[]
  own: boolean
  closed: boolean
}

/* What is known of a meter beside the result of its read. */
export interface MeterFact {
  number: string
  place: string
  main?: Value
  readAt: number
  frame?: number
}

const STORE = 'heng.reads'
const EXPIRES_S = 600
const KEEP_RUNS = 12
const KEEP_FACTS = 20_000
const PAGE = 500
const SAVE_MS = 400
const WAIT_MS = 8_000 // without news the meters are asked what became of it
const QUIET_MS = 60_000 // a group of another window that brings nothing more

export const runs = reactive(new Map<number, ReadRun>())
export const facts = reactive(new Map<number, MeterFact>())
const listed = new Set<number>() // lines whose meters are in facts
let saving = 0

export function runIsOver(run: ReadRun): boolean {
  if (run.closed) return true
  if (run.accepted !== null && run.results.length >= run.accepted) return true
  if (run.accepted === null) return serverNow() > Math.max(run.startedAt, run.results[0]?.at ?? 0) + QUIET_MS
  return serverNow() > run.startedAt + (EXPIRES_S + 30) * 1000
}

function save(): void {
  saving = 0
  try {
    sessionStorage.setItem(STORE, JSON.stringify([...runs.values()].filter((run) => run.own && run.results.length <= PAGE)))
  } catch {
    // storage may be forbidden or full: then a reload of the page forgets the group
  }
}

function saveSoon(): void {
  if (!saving) saving = window.setTimeout(save, SAVE_MS)
}

function keep(run: ReadRun): ReadRun {
  runs.set(run.id, run)
  for (const id of runs.keys()) {
    if (runs.size <= KEEP_RUNS) break
    runs.delete(id)
  }
  return runs.get(run.id) as ReadRun
}

function note(meter: Pick<Meter, 'id' | 'number' | 'place' | 'main' | 'last_read_at'>): void {
  const readAt = meter.last_read_at ? Date.parse(meter.last_read_at) : 0
  const old = facts.get(meter.id)
  if (old && old.readAt > readAt) return
  if (facts.size >= KEEP_FACTS && !old) facts.clear()
  facts.set(meter.id, { number: meter.number, place: meter.place, main: meter.main, readAt, frame: meter.main?.frame })
}

function put(run: ReadRun, result: ReadResult): void {
  const at = run.results.findIndex((old) => old.meterId === result.meterId)
  if (at >= 0) run.results.splice(at, 1, result)
  else run.results.unshift(result)
  saveSoon()
}

async function metersOf(query: { line?: number; place?: number }): Promise<Meter[]> {
  const all: Meter[] = []
  for (;;) {
    const params = { query: { ...query, limit: PAGE, offset: all.length } }
    const page = await take(api.GET('/api/v1/meters', { params }))
    page.items.forEach(note)
    all.push(...page.items)
    if (page.items.length < PAGE || all.length >= KEEP_FACTS) return all
  }
}

/* Names for the results of a line, once. */
async function listLine(lineId: number): Promise<void> {
  if (listed.has(lineId)) return
  listed.add(lineId)
  await metersOf({ line: lineId }).catch(() => listed.delete(lineId))
}

async function targetMeters(target: ReadTarget): Promise<Meter[]> {
  if (target.kind === 'line') return metersOf({ line: target.id })
  if (target.kind === 'place') return metersOf({ place: target.id })
  const all: Meter[] = []
  for (const meterId of target.ids) {
    const { meter } = await take(api.GET('/api/v1/meters/{meterId}', { params: { path: { meterId } } }))
    note(meter)
    all.push(meter)
  }
  return all
}

/* Fill the holes from what the meters say. */
async function catchUp(run: ReadRun): Promise<void> {
  for (const meter of await targetMeters(run.target).catch(() => [])) {
    const at = meter.last_try_at ? Date.parse(meter.last_try_at) : 0
    if (at < run.startedAt || run.results.some((result) => result.meterId === meter.id)) continue
    const stage: Stage = meter.last_outcome === 'ok' ? 'confirmed' : 'failed'
    put(run, { meterId: meter.id, lineId: meter.line_id, at, stage, outcome: meter.last_outcome })
  }
}

function catchUpAll(): void {
  for (const run of runs.values()) if (run.own && !runIsOver(run)) void catchUp(run)
}

/* Between the load of a page and the opening of its stream an end can slip through. */
function catchUpQuiet(): void {
  for (const run of runs.values()) {
    const newest = Math.max(run.startedAt, ...run.results.slice(0, 1).map((result) => result.at))
    if (run.own && !runIsOver(run) && serverNow() > newest + WAIT_MS) void catchUp(run)
  }
}

function hearOrder(event: OrderEvent): void {
  if (event.command || event.meter_id === undefined || event.id <= 0) return
  const at = Date.parse(event.at)
  const run =
    runs.get(event.id) ??
    keep({
      id: event.id, target: { kind: 'line', id: event.line_id, name: '' }, startedAt: at, accepted: null, refused: 0,
      why: '', results: [], own: false, closed: false,
    })
  const { stage, outcome, why } = event
  if (stage === 'queued' || stage === 'sent' || stage === 'accepted') return
  put(run, { meterId: event.meter_id, lineId: event.line_id, at, stage, outcome, why })
  void listLine(event.line_id)
}

function hearReading(reading: LiveReading): void {
  note({
    id: reading.meter_id, number: reading.number, place: reading.place, last_read_at: reading.at,
    main: reading.main && { ...reading.main, frame: reading.frame ?? reading.main.frame },
  })
}

function bodyOf(target: ReadTarget): ReadRequest {
  if (target.kind === 'line') return { line: target.id, expires_s: EXPIRES_S }
  if (target.kind === 'place') return { place: target.id, expires_s: EXPIRES_S }
  return { meters: target.ids, expires_s: EXPIRES_S }
}

/* Ask for the reads of a target now. */
export async function startReads(target: ReadTarget, signal: AbortSignal): Promise<ReadRun> {
  const startedAt = serverNow()
  const receipt = await take(api.POST('/api/v1/reads', { body: bodyOf(target), signal }))
  const early = runs.get(receipt.id) // its first results can be here before the answer
  const run = keep({
    id: receipt.id, target, startedAt, accepted: receipt.accepted, refused: receipt.refused, why: receipt.why ?? '',
    results: early?.results ?? [], own: true, closed: false,
  })
  save()
  if (target.kind === 'line') void listLine(target.id)
  return run
}

/* Take back what was not asked yet; what is taken back is told by events too. */
export async function cancelReads(run: ReadRun, signal: AbortSignal): Promise<void> {
  const params = { path: { readId: run.id } }
  await take(api.DELETE('/api/v1/reads/{readId}', { params, headers: JSON_HEADERS, signal }))
}

export function forgetRun(run: ReadRun): void {
  run.closed = true
  runs.delete(run.id)
  save()
}

export function startReadRuns(): void {
  listen({ order: hearOrder, reading: hearReading, reload: catchUpAll })
  try {
    const saved = JSON.parse(sessionStorage.getItem(STORE) ?? '[]') as ReadRun[]
    for (const run of saved) keep(run)
  } catch {
    // nothing to go on with
  }
  catchUpAll()
  window.setInterval(catchUpQuiet, WAIT_MS)
}
