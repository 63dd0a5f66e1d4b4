/** Activities of devices, silent sensors, and recent events. */
import type { Happening } from '../../../lib/queries/happenings.ts'
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import type { TelemetryMemory } from './memory.ts'
import { MAX_HAPPENINGS } from './memory.ts'

export interface Activities {
  /** Most frequent first. */
  readonly counts: readonly { readonly activity: string; readonly devices: number }[]
  /** Devices with the requested activity, or all devices, that changed most recently. */
  readonly devices: readonly DeviceNow[]
  readonly silent: readonly { readonly entity: string; readonly lastSeen: string }[]
  /** Number of matching devices, including those that are not listed. */
  readonly matching: number
  readonly silentCount: number
  /** Number of examined entities. `isWhole` is true if all entities were examined. */
  readonly known: number
  readonly isWhole: boolean
  /** Newest first. */
  readonly lately: readonly Happening[]
}

export interface DeviceNow {
  readonly entity: string
  readonly activity: string
  readonly since: string
}

const MAX_LISTED = 200

/** Returns the activities of devices. @param wanted activity of the devices to list; empty for all activities */
export async function activities(memory: TelemetryMemory, wanted: string): Promise<Activities> {
  const [{ rows, entities, isWhole }, { found }] = await Promise.all([
    memory.activities.get(),
    memory.happenings().get({ sinceMs: 0 }),
  ])
  const doing = rows.flatMap(({ entity, doing }) => (doing ? [{ entity, ...doing }] : []))
  const silent = rows.filter(({ isSilent }) => isSilent).toSorted((a, b) => b.lastMs - a.lastMs)
  const byActivity = Map.groupBy(doing, ({ activity }) => activity)
  const devices = wanted === '' ? doing : (byActivity.get(wanted) ?? [])
  return {
    counts: [...byActivity]
      .map(([activity, all]) => ({ activity, devices: all.length }))
      .sort((a, b) => b.devices - a.devices || (a.activity < b.activity ? -1 : 1)),
    devices: devices
      .slice(0, MAX_LISTED)
      .map(({ entity, activity, sinceMs }) => ({ entity, activity, since: instant(sinceMs) })),
    silent: silent.slice(0, MAX_LISTED).map(({ entity, lastMs }) => ({ entity, lastSeen: instant(lastMs) })),
    matching: devices.length,
    silentCount: silent.length,
    known: entities,
    isWhole,
    lately: found
      .slice(-MAX_HAPPENINGS)
      .reverse()
      .map(({ timeMs: _, ...happening }) => happening),
  }
}
