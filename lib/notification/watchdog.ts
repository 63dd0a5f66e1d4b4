/**
 * The watchdog: a notification at regular intervals, so that a receiver notices that nothing comes any more. Ticks drive it, and
 * the log brings them: it goes the way that every notification goes, and stops where that way is broken.
 */
import type { Received } from '../../packages/runtime/consumer/event.ts'
import { type Decided, decided } from '../../packages/runtime/consumer/process.ts'
import { notificationEmission, notificationId } from './notification.ts'
import type { Watchdog } from './route.ts'

/** Time of the last message, in milliseconds since the epoch. */
export interface WatchdogState {
  readonly toldAtMs: number
}

const WATCHDOG_GROUP = 'watchdog'

/** Data of a tick, as far as it is used here. */
interface Tick {
  readonly partition: number
}

/** One partition is enough: the first, which every topic has. */
export function onTick(
  { everyMs, receivers }: Watchdog,
  state: WatchdogState | undefined,
  { id, timeMs, data }: Received<Tick>,
): Decided<WatchdogState> {
  if (data?.partition !== 0) return decided<WatchdogState>('tick', state)
  // Times are multiples of the interval, whenever the first tick came.
  const atMs = Math.floor(timeMs / everyMs) * everyMs
  // `<=` would silence it after the broker's clock has gone back, until the clock has caught up.
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
