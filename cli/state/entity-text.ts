/** Texts of the states of entities. Pure. */
import type { EntityState, HeldState, TimerState } from '../../lib/queries/states/entities.ts'
import { escapeText } from '../output/text-width.ts'

export function formatEntities(reports: readonly EntityState[]): string {
  const blocks = reports.map(({ partition, entity, version, state, timers, held }) =>
    [
      `${escapeText(entity)} (partition ${partition}${version === undefined ? '' : `, version ${version}`})`,
      state === undefined ? 'no state yet' : JSON.stringify(state, null, 2),
      ...timers.map(timer => `timer ${formatTimer(timer)}`),
      ...(held ? formatHeld(held) : []),
    ].join('\n'),
  )
  return `${blocks.join('\n\n')}\n`
}

function formatHeld({ failure, parked, endsAfterMs, timers }: HeldState): string[] {
  const events = parked.length === 0 ? 'no events' : `${parked.length} events, from offset ${parked[0]} on`
  const until = `until log time has advanced by more than ${formatClock(endsAfterMs)}`
  return [
    failure === null
      ? `parked: ${events}, which the next record of the partition releases`
      : `held for failure ${failure}, at most ${until}; parked: ${events}`,
    ...timers.map(
      ({ name, due }) => `timer ${name} due ${due}, which does not fire while the entity is held`,
    ),
  ]
}

/** Returns a duration such as `1d 02:03:04`. */
function formatClock(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const days = Math.floor(seconds / 86_400)
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60]
  const time = clock.map(part => String(part).padStart(2, '0')).join(':')
  return days > 0 ? `${days}d ${time}` : time
}

function formatTimer({ name, due, firesAfterMs }: TimerState): string {
  return `${name} due ${due}, fires when log time has advanced by more than ${formatClock(firesAfterMs)}`
}
