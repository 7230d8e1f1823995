/* Wishes: one at a time, and what went wrong with the last one. */
import { ref, type Ref } from 'vue'
import { ApiError } from './client'
import type { Problem } from './load'

const PATIENCE_MS = 15_000 // the server itself gives up after 5 s

export interface Act {
  busy: Ref<boolean>
  problem: Ref<Problem | null>
  /* Do it, unless the one before is still under way; null when it failed. */
  run: <T>(work: (signal: AbortSignal) => Promise<T>) => Promise<T | null>
}

export function useAct(): Act {
  const busy = ref(false)
  const problem = ref<Problem | null>(null)

  async function run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
    if (busy.value) return null
    busy.value = true
    problem.value = null
    try {
      return await work(AbortSignal.timeout(PATIENCE_MS))
    } catch (cause) {
      const known = cause instanceof ApiError
      problem.value = { kind: known ? cause.kind : 'failed', detail: cause instanceof Error ? cause.message : '' }
      return null
    } finally {
      busy.value = false
    }
  }

  return { busy, problem, run }
}

/* A key for a wish: with it, asking again after a lost answer is not ordering again. */
export function wishKey(): string {
  // crypto.randomUUID is not there on plain http
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
