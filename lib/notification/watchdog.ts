/**
 * Watchdog: a notification at regular intervals, so that a receiver notices when notifications no longer arrive. It is driven by
 * ticks in the log and takes the same path as every notification, so it stops if that path is broken.
 */
import type { Received } from '../../packages/runtime/consumer/event.ts'
import { type Decided, decided } from '../../packages/runtime/consumer/process.ts'
import { notificationEmission, notificationId } from './notification.ts'
import type { Watchdog } from './route.ts'

/** Time of the last watchdog notification, in milliseconds since the epoch. */
export interface WatchdogState {
  readonly toldAtMs: number
}

const WATCHDOG_GROUP = 'watchdog'

/** Data of a tick that the watchdog uses. */
interface Tick {
  readonly partition: number
}

/** Applies a tick. Only ticks of the first partition count, which every topic has. */
export function onTick(
  { everyMs, receivers }: Watchdog,
  state: WatchdogState | undefined,
  { id, timeMs, data }: Received<Tick>,
): Decided<WatchdogState> {
  if (data?.partition !== 0) return decided<WatchdogState>('tick', state)
  // Times are multiples of the interval, regardless of when the first tick arrived.
  const atMs = Math.floor(timeMs / everyMs) * everyMs
  // With `<=`, the watchdog would stop after the broker's clock has gone back, until the clock has caught up.
  if (atMs === state?.toldAtMs) return decided<WatchdogState>('tick', state)
  const emission = notificationEmission({
    notificationId: notificationId(WATCHDOG_GROUP, id),
    group: WATCHDOG_GROUP,
    groupLabels: {},
    status: 'firing',
    reason: 'watchdog',
    receivers,
    alerts: [],
    omitted: 0,
  })
  return decided<WatchdogState>('watchdog', { toldAtMs: atMs }, [emission])
}
