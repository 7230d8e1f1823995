/* The API client. Types come from openapi.yaml; a call either yields data or throws one ApiError. */
import createClient from 'openapi-fetch'
import { reactive } from 'vue'
import type { components, paths } from './schema'

type Schemas = components['schemas']
export type Health = Schemas['Health']
export type Overview = Schemas['Overview']
export type Line = Schemas['Line']
export type LineState = Schemas['LineState']
export type LineCounters = Schemas['LineCounters']
export type LineEvent = Schemas['LineEvent']
export type Meter = Schemas['Meter']
export type MeterState = Schemas['MeterState']
export type Condition = Schemas['Condition']
export type MeterDetail = Schemas['MeterDetail']
export type Value = Schemas['Value']
export type Series = Schemas['Series']
export type Point = Schemas['Point']
export type Frame = Schemas['Frame']
export type FrameDetail = Schemas['FrameDetail']
export type FrameField = Schemas['FrameField']
export type LiveReading = Schemas['LiveReading']
export type Hint = Schemas['Hint']
export type Place = Schemas['Place']
export type Protocol = Schemas['Protocol']
export type OrderKind = Schemas['OrderKind']
export type Stage = Schemas['Stage']
export type Outcome = NonNullable<Meter['last_outcome']>
export type Receipt = Schemas['Receipt']
export type Command = Schemas['Command']
export type CommandRequest = Schemas['CommandRequest']
export type ReadRequest = Schemas['ReadRequest']
export type OrderEvent = Schemas['OrderEvent']
export type Search = Schemas['Search']
export type SearchKind = Schemas['SearchKind']
export type SearchItem = Schemas['SearchItem']
export type Gateway = Schemas['Gateway']
export type GatewayState = Schemas['GatewayState']
export type GatewayEvent = Schemas['GatewayEvent']
export type GatewayEventKind = Schemas['GatewayEventKind']
export type GatewayQuestionKind = Schemas['GatewayQuestionKind']
export type Enrolment = Schemas['Enrolment']
export type Tunnel = Schemas['Tunnel']

export const api = createClient<paths>({ baseUrl: '/' })

/* The server takes wishes only as JSON, also those without a body: no form of a foreign page can send that. */
export const JSON_HEADERS = { 'Content-Type': 'application/json' }

/* refused: the server understood and says why not; busy: it says when to try again */
export type ProblemKind = 'unreachable' | 'notFound' | 'refused' | 'busy' | 'failed'

export class ApiError extends Error {
  constructor(
    readonly kind: ProblemKind,
    message: string,
  ) {
    super(message)
  }
}

/* Whether the API answers, told by the calls themselves. lostSince is the browser's clock in ms. */
export const reach = reactive<{ lostSince: number | null }>({ lostSince: null })

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

function problemText(error: unknown, response: Response): string {
  if (error && typeof error === 'object') {
    const problem = error as Partial<Schemas['Problem']>
    const text = problem.detail || problem.title
    if (text) return text
  }
  return `HTTP ${response.status}`
}

function kindOf(status: number): ProblemKind {
  if (status === 404) return 'notFound'
  if (status === 503) return 'busy'
  return status >= 400 && status < 500 ? 'refused' : 'failed'
}

/* Wait for a call of `api` and take its data; every way to fail becomes an ApiError. */
export async function take<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>
  try {
    answer = await call
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    reach.lostSince ??= Date.now()
    throw new ApiError('unreachable', String(cause))
  }
  const { data, error, response } = answer
  // A gateway in front of a dead server answers for it.
  if (response.status === 502 || response.status === 504) {
    reach.lostSince ??= Date.now()
    throw new ApiError('unreachable', `HTTP ${response.status}`)
  }
  reach.lostSince = null
  if (data !== undefined) return data
  throw new ApiError(kindOf(response.status), problemText(error, response))
}
