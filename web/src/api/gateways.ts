/* What can be said of a gateway from what it told: what is wrong with it, where it stands in the tree, what an event
 * means. Nothing here asks the server. */
import { ref } from 'vue'
import { countText, durationText, fullTimeText } from '../format/text'
import { i18n, word } from '../i18n'
import type { Gateway, GatewayEvent, GatewayEventKind, GatewayState } from './client'

export type Tone = 'good' | 'calm' | 'warn' | 'bad'

/* One thing that is wrong: a key of the group gatewayTrouble, and what fills its places. */
export interface Trouble {
  id: string
  tone: 'warn' | 'bad'
  named: Record<string, string>
}

const CLOCK_WARN_MS = 5_000
const CLOCK_BAD_MS = 60_000
const CERTIFICATE_WARN_MS = 45 * 86_400_000 // it is renewed 60 days before its end: two weeks of that have failed
const DISK_WARN_BYTES = 16 << 20
const DISK_FULL_BYTES = 1 << 20
const QUEUE_LEAST = 200 // of all of these src/api/gateways.c has the widest, for the list of those in trouble
const QUEUE_PER_METER = 4

/* "850 ms", "2 min 5 s" of microseconds, without its sign */
export function widthText(us: number): string {
  const ms = Math.round(Math.abs(us) / 1000)
  return ms < 1000 ? `${countText(ms)} ms` : durationText(Math.round(ms / 1000))
}

/* "+850 ms" */
export function clockText(errorMs: number): string {
  if (errorMs === 0) return '0 ms'
  return `${errorMs > 0 ? '+' : '−'}${widthText(errorMs * 1000)}`
}

function clockTrouble(gateway: Gateway): Trouble[] {
  const off = Math.abs(gateway.clock_error_ms)
  const tone = off >= CLOCK_BAD_MS ? 'bad' : 'warn'
  if (off >= CLOCK_WARN_MS) return [{ id: 'clock', tone, named: { width: clockText(gateway.clock_error_ms) } }]
  return gateway.clock_doubtful ? [{ id: 'doubtful', tone: 'warn', named: {} }] : []
}

function certificateTrouble(gateway: Gateway, nowMs: number): Trouble[] {
  if (!gateway.certificate_until) return []
  const leftMs = Date.parse(gateway.certificate_until) - nowMs
  if (leftMs <= 0) return [{ id: 'certificateOver', tone: 'bad', named: {} }]
  const days = countText(Math.floor(leftMs / 86_400_000))
  return leftMs < CERTIFICATE_WARN_MS ? [{ id: 'certificate', tone: 'warn', named: { days } }] : []
}

function diskTrouble(gateway: Gateway): Trouble[] {
  const left = gateway.free_bytes
  if (left === undefined || left >= DISK_WARN_BYTES) return []
  const full = left < DISK_FULL_BYTES
  return [{ id: full ? 'diskFull' : 'disk', tone: full ? 'bad' : 'warn', named: { size: sizeText(left) } }]
}

/* The worst first. What was never let in, or is not any more, has no troubles: its state says it all. */
export function troublesOf(gateway: Gateway, nowMs: number): Trouble[] {
  if (gateway.state !== 'enrolled') return []
  const found: Trouble[] = []
  const version = countText(gateway.config_version)
  if (!gateway.connected) found.push({ id: 'away', tone: 'bad', named: {} })
  if (gateway.config_why) found.push({ id: 'config', tone: 'bad', named: { version, why: word('why', gateway.config_why) } })
  if (gateway.missing > 0) found.push({ id: 'missing', tone: 'bad', named: { n: countText(gateway.missing) } })
  if (gateway.refused > 0) found.push({ id: 'refused', tone: 'warn', named: { n: countText(gateway.refused) } })
  found.push(...clockTrouble(gateway), ...certificateTrouble(gateway, nowMs))
  found.push(...diskTrouble(gateway))
  if (gateway.connected && gateway.queued >= Math.max(QUEUE_LEAST, QUEUE_PER_METER * gateway.meters))
    found.push({ id: 'queue', tone: 'warn', named: { n: countText(gateway.queued) } })
  return found.sort((a, b) => Number(a.tone === 'warn') - Number(b.tone === 'warn'))
}

export function sizeText(bytes: number): string {
  if (bytes < 1 << 20) return `${countText(Math.floor(bytes / 1024))} KiB`
  if (bytes < 10 * 1024 ** 3) return `${countText(Math.floor(bytes / 1024 ** 2))} MiB`
  return `${countText(Math.floor(bytes / 1024 ** 3))} GiB`
}

/* Its state in one word and colour: a key of the group gatewayState, or connected and away. */
export function stateOf(gateway: Gateway): { id: GatewayState | 'connected' | 'away'; tone: Tone } {
  if (gateway.state === 'declared') return { id: 'declared', tone: 'warn' }
  if (gateway.state === 'revoked') return { id: 'revoked', tone: 'calm' }
  return gateway.connected ? { id: 'connected', tone: 'good' } : { id: 'away', tone: 'bad' }
}

/* How many gateways stand above each, by id. */
export function depthsOf(gateways: Gateway[]): Map<number, number> {
  const parents = new Map(gateways.map((gateway) => [gateway.id, gateway.parent_id]))
  return new Map(
    gateways.map((gateway) => {
      let deep = 0
      for (let at = gateway.parent_id; at !== undefined && parents.has(at) && deep < 4; at = parents.get(at)) deep++
      return [gateway.id, deep]
    }),
  )
}

const BAD: GatewayEventKind[] = ['clock-wrong', 'disk-full', 'journal-aside', 'damaged', 'config-refused', 'lost', 'gap', 'protocol']
const WARN: GatewayEventKind[] = ['thinned', 'line-silent', 'child-lost', 'forked', 'refused', 'revoked', 'entry-refused', 'stopped', 'not-trusted', 'new-key', 'replaced', 'certificate-ends']
const GOOD: GatewayEventKind[] = ['disk-ok', 'config-applied', 'line-back', 'child-connected', 'connected', 'enrolled']

export function eventTone(kind: GatewayEventKind): Tone {
  if (BAD.includes(kind)) return 'bad'
  if (WARN.includes(kind)) return 'warn'
  return GOOD.includes(kind) ? 'good' : 'calm'
}

/* The value of an event as its sentence says it. */
export function eventValue(event: GatewayEvent, nameOf: (id: number) => string): string {
  switch (event.kind) {
    case 'clock-wrong':
    case 'clock-set':
      return clockText(Math.round(event.value / 1000))
    case 'disk-ok':
      return widthText(event.value)
    case 'tunnel-opened':
      return durationText(event.value)
    case 'child-connected':
    case 'child-lost':
      return nameOf(event.value)
    default:
      return countText(event.value)
  }
}

/* Fixed words of ours, part by part: "here was no room: over the size of 64 MiB". Numbers stay as they are. */
function whyWords(why: string): string {
  return why
    .split(': ')
    .map((part) => {
      const numbers = part.match(/\d+/g) ?? []
      return word('eventWhy', part.replace(/\d+/g, '#'), part).replace(/#/g, () => numbers.shift() ?? '')
    })
    .join(': ')
}

const TIMES = ['at', 'from', 'until']

/* What an event says besides its kind: words of people as they are; a code and what belongs to it, as
 * "gap gateway=3 first=7 last=9 why='it has them no more'", as a sentence. A text may be cut off at its end. */
export function detailText(detail: string, nameOf: (id: number) => string): string {
  const code = /^[a-z]+(-[a-z]+)*(?= [a-z_]+=|$)/.exec(detail)?.[0] ?? ''
  if (!word('eventDetail', code, '')) return word('why', detail)
  const named: Record<string, string> = {}
  for (const [, name = '', quoted, plain = ''] of detail.matchAll(/ ([a-z_]+)=(?:'(.*?)(?:'(?= [a-z_]+=|$)|$)|(\S*))/g)) {
    const value = quoted ?? plain
    const ms = TIMES.includes(name) ? Date.parse(value) : NaN
    named[name] = name === 'why' ? whyWords(value) : name === 'gateway' ? nameOf(Number(value)) : Number.isNaN(ms) ? value : fullTimeText(ms)
  }
  named.who ||= named.from ?? ''
  return i18n.global.t(`eventDetail.${code}`, named)
}

/* What a box says of itself: lines of JSON as names and values, anything else as it is. */
export function boxText(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      if (!line.startsWith('{')) return line
      try {
        return plainText(JSON.parse(line) as unknown, '')
      } catch {
        return line // cut off, or no JSON after all
      }
    })
    .join('\n')
}

function plainText(value: unknown, indent: string): string {
  if (value === null || typeof value !== 'object') return String(value ?? '—')
  return Object.entries(value)
    .map(([name, child]) => {
      const text = plainText(child, `${indent}  `)
      const nested = child !== null && typeof child === 'object'
      return nested ? `${indent}${name}\n${text}` : `${indent}${name.padEnd(22)} ${text}`
    })
    .join('\n')
}

/* Who works at this screen, as typed the last time: it stands in the record of what is done. */
export const operator = ref('')
