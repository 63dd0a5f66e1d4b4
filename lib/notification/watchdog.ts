/**
 * Watchdog: a notification at regular intervals. If it does not arrive, the receiver knows that notifications are not being
 * delivered. The watchdog is triggered by ticks in the log and delivered like every other notification, so it stops if any part of
 * the delivery fails.
 */
import type { Received } from '../../packages/runtime/consumer/event.ts'
import { type Decided, decided } from '../../packages/runtime/consumer/process.ts'
import { notificationEmission, notificationId } from './notification.ts'
import type { Watchdog } from './route.ts'

/** State of the watchdog. `toldAtMs` is the time of its last notification, in milliseconds since the epoch. */
export interface WatchdogState {
  readonly toldAtMs: number
}

const WATCHDOG_GROUP = 'watchdog'

/** Data of a tick, as far as the watchdog uses it. */
interface Tick {
  readonly partition: number
}

/** Applies a tick. Only ticks of partition 0 are used, because every topic has this partition. */
export function onTick(
  { everyMs, receivers }: Watchdog,
  state: WatchdogState | undefined,
  { id, timeMs, data }: Received<Tick>,
): Decided<WatchdogState> {
  if (data?.partition !== 0) return decided<WatchdogState>('tick', state)
  // Round the time down to a multiple of the interval, so that the times do not depend on the first tick.
  const atMs = Math.floor(timeMs / everyMs) * everyMs
  // Compare for equality. With `<=`, the watchdog would stop if the broker's clock has gone back, until the clock has caught up.
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
