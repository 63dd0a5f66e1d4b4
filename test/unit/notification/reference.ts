/**
 * Reference for notifications, found the slow way: second by second, from all events so far. It shares no code with the notifier,
 * keeps everything forever, and has no limits.
 */
export type LogEvent = { readonly second: number } & (
  | {
      readonly kind: 'fired' | 'resolved'
      readonly id: string
      readonly isSilent: boolean
      readonly isUrgent: boolean
    }
  | { readonly kind: 'silences'; readonly all: readonly Quiet[] }
  | { readonly kind: 'pipeline'; readonly isDown: boolean }
)

export interface Quiet {
  readonly id: string
  readonly from: number
  readonly until: number
}

interface Waits {
  readonly wait: number
  readonly interval: number
  readonly repeat: number
}

/** Lines as `notifications` makes them, but with the alerts in the order of their names. */
export function reference(
  happenings: readonly LogEvent[],
  until: number,
  { wait, interval, repeat }: Waits,
): string[] {
  const lines: string[] = []
  const silentIds = new Set<string>()
  const [firedIds, endedIds, toldFires, toldEnds] = [1, 2, 3, 4].map(() => new Set<string>()) as [
    Set<string>,
    Set<string>,
    Set<string>,
    Set<string>,
  ]
  let quiets: readonly Quiet[] = []
  let downUntil = Number.NEGATIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  let due = Number.POSITIVE_INFINITY
  let newsDue = Number.POSITIVE_INFINITY

  const standing = () => [...firedIds].filter(id => !endedIds.has(id))
  const unsaidEnds = () => [...toldFires].filter(id => endedIds.has(id) && !toldEnds.has(id))
  const knownToFire = () => [...toldFires].filter(id => !toldEnds.has(id))
  const quietUntil = (id: string, now: number) =>
    Math.max(
      ...quiets
        .filter(quiet => quiet.id === id && quiet.from <= now && now < quiet.until)
        .map(quiet => quiet.until),
      silentIds.has(id) ? downUntil : Number.NEGATIVE_INFINITY,
    )
  const isMuted = (id: string, now: number) => quietUntil(id, now) > now

  const happen = (event: LogEvent) => {
    const open = knownToFire().length > 0
    let isNews = false
    if (event.kind === 'silences') quiets = event.all
    else if (event.kind === 'pipeline')
      downUntil = event.isDown
        ? downUntil > 0
          ? downUntil
          : event.second + 24 * 3600
        : Number.NEGATIVE_INFINITY
    else if (event.kind === 'fired' && !firedIds.has(event.id) && !endedIds.has(event.id)) {
      firedIds.add(event.id)
      if (event.isSilent) silentIds.add(event.id)
      isNews = true
    } else if (event.kind === 'resolved' && !endedIds.has(event.id)) {
      endedIds.add(event.id)
      isNews = toldFires.has(event.id)
    }
    if (isNews) {
      newsDue = Math.min(newsDue, Math.max(event.second + wait, open ? last + interval : 0))
      due = newsDue
    }
    if (standing().length === 0 && unsaidEnds().length === 0) due = newsDue = Number.POSITIVE_INFINITY
    return isNews && 'isUrgent' in event && event.isUrgent && event.second > last
  }

  const look = (now: number) => {
    newsDue = Number.POSITIVE_INFINITY
    const visible = standing().filter(id => !isMuted(id, now))
    const ends = unsaidEnds()
    const news = visible.filter(id => !toldFires.has(id))
    const wasOpen = knownToFire().length > 0
    if (news.length + ends.length > 0 || (visible.length > 0 && now >= last + repeat)) {
      for (const id of visible) toldFires.add(id)
      for (const id of ends) toldEnds.add(id)
      last = now
      const isOpen = knownToFire().length > 0
      const changed = news.length + ends.length > 0 ? 'changed' : 'repeat'
      const reason = isOpen ? (wasOpen ? changed : 'new') : 'resolved'
      const names = [...visible.toSorted(), ...ends.toSorted().map(id => `-${id}`)]
      lines.push(`+${now} ${reason} ${isOpen ? 'firing' : 'resolved'}: ${names.join(' ')}`)
    }
    const untold = standing().filter(id => !toldFires.has(id))
    const nexts = untold.map(id => quietUntil(id, now))
    if (knownToFire().length > 0) nexts.push(last + repeat)
    if (untold.length > 0 || (knownToFire().length > 0 && last + repeat <= now)) nexts.push(now + interval)
    due = Math.min(...nexts.filter(next => next > now))
  }

  for (let now = 0; now <= until; now += 1) {
    for (const event of happenings) {
      if (event.second !== now) continue
      const isAtOnce = happen(event)
      if (isAtOnce) look(now)
    }
    if (due === now) look(now)
  }
  return lines
}
