/**
 * Changes of the alerts of one rule and entity, some of which arrive late. `+a` stands for the start of alert `a`, `-a` for its
 * end.
 */

/** Order in which alerting emits the changes. */
export const STORY = ['+a', '-a', '+b', '-b', '+c', '-c'] as const
export type Change = (typeof STORY)[number]

/** Returns the time at which an alert starts, in minutes. */
export function createBegin(change: Change): number {
  return STORY.indexOf(`+${getName(change)}`)
}

export function getName(change: Change): 'a' | 'b' | 'c' {
  return change.slice(1) as 'a'
}

/** Returns the CloudEvents `sequence` of the change. */
export function getSequence(change: Change): string {
  return `0.${STORY.indexOf(change)}`
}

/** Sequences of changes. `fires` contains the alerts that are firing at the end; all others have ended. */
export const LATE_CHANGES: readonly {
  readonly given: string
  readonly order: readonly Change[]
  readonly fires: readonly Change[]
}[] = [
  { given: 'a fire behind its end', order: ['-a', '+a'], fires: [] },
  { given: 'a fire behind its end and the next alert', order: ['-a', '+b', '-b', '+a'], fires: ['+b'] },
  {
    given: 'a fire behind its end while the next alert fires',
    order: ['-a', '+b', '+a', '-b'],
    fires: ['+b'],
  },
  { given: 'a fire behind an end that is late as well', order: ['+b', '-a', '-b', '+a'], fires: ['+b'] },
  { given: 'two fires behind their ends', order: ['-a', '-b', '+b', '+c', '-c', '+a'], fires: ['+c'] },
  { given: 'a fire behind the next alert', order: ['+b', '+a', '-a', '-b'], fires: ['+b'] },
  { given: 'an end behind the fire of the next alert', order: ['+a', '+b', '-a', '-b'], fires: ['+a', '+b'] },
  {
    given: 'a fire and an old end behind a later alert',
    order: ['+c', '-a', '+b', '-b', '-c'],
    fires: ['+c'],
  },
  {
    given: 'a fire behind a later alert that is the second one',
    order: ['+b', '+c', '-b', '+a', '-a', '-c'],
    fires: ['+b', '+c'],
  },
  { given: 'nothing late', order: STORY, fires: ['+a', '+b', '+c'] },
]
