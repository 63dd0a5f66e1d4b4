/** Tells processes which attempt an event is. They must not know, except to fail by plan: the same log has to give the same failures. */
import { RedisCircuitBreaker } from '../../../lib/runtime/adapters/redis/circuit-breaker.ts'
import { Steps } from '../../../lib/runtime/pipeline/deciding/steps.ts'

let attempt = 1

/** The number of the attempt that the present call is, from 1. */
export function presentAttempt(): number {
  return attempt
}

/** Patches the runtime so that `presentAttempt` knows. A record that was parked is still the attempt as which it came. */
export function knowAttempts(): void {
  const { step } = Steps.prototype
  Steps.prototype.step = function (task, offset) {
    attempt = task.redriveTarget?.attempt ?? 1
    return step.call(this, task, offset)
  }
}

/** As if an operator had reset the breaker of this consumer: what it throws is planned, and would open it. */
export function neverDefer(consumer: string): void {
  const { open } = RedisCircuitBreaker.prototype
  RedisCircuitBreaker.prototype.open = async function (name, ...rest) {
    return name === consumer ? 'reset' : open.call(this, name, ...rest)
  }
}
