/** Texts of the states of entities. Pure. */
import type { EntityState, HeldState, TimerState } from '../../lib/queries/states/entities.ts'
import { durationText } from '../../lib/support/duration.ts'
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
  const until = `until log time has advanced by more than ${durationText(endsAfterMs)}`
  return [
    failure === null
      ? `parked: ${events}, which the next record of the partition releases`
      : `held for failure ${failure}, at most ${until}; parked: ${events}`,
    ...timers.map(
      ({ name, due }) => `timer ${name} due ${due}, which does not fire while the entity is held`,
    ),
  ]
}

function formatTimer({ name, due, firesAfterMs }: TimerState): string {
  return `${name} due ${due}, fires when log time has advanced by more than ${durationText(firesAfterMs)}`
}
