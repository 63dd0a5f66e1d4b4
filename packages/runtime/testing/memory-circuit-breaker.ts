import type { CircuitBreaker } from '../pipeline/ports.ts'

/** In-memory circuit breaker for tests. The port's conformance suite checks that it behaves like the implementation in Redis. */
export class MemoryCircuitBreaker implements CircuitBreaker {
  readonly #opened = new Map<string, { readonly codeVersion: string; readonly since: number }>()

  async open(consumer: string, codeVersion: string, nowMs: number): Promise<number> {
    const opened = this.#opened.get(consumer)
    if (opened?.codeVersion === codeVersion) return opened.since
    this.#opened.set(consumer, { codeVersion, since: nowMs })
    return nowMs
  }
}
