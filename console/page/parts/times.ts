/** How times are written, everywhere the same: in the time zone of the browser, which the foot of each page names. */

/** Local time to the second, with the date only where it is not today's. */
export function timeText(at: string | number, nowMs: number): string {
  const date = new Date(at)
  const time = date.toLocaleTimeString('en-GB')
  return date.toDateString() === new Date(nowMs).toDateString() ? time : `${dayText(date)} ${time}`
}

/** `1 Mar 2026, 13:00:00 CET (2026-03-01T12:00:00.000Z)` */
export function exactText(at: string | number): string {
  const date = new Date(at)
  return `${date.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'long' })} (${date.toISOString()})`
}

/** `13:30`; with its date where no time of the same day is before it, unless all are of today. For the axis of a chart. */
export function axisTexts(timesMs: readonly number[], nowMs: number): string[] {
  return timesMs.map((at, index) => {
    const date = new Date(at)
    const before = new Date(timesMs[index - 1] ?? nowMs)
    const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
    if (date.toDateString() === before.toDateString()) return time
    return `${time}\n${date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })}`
  })
}

/** `Europe/Oslo, GMT+1` */
export function zoneText(nowMs: number): string {
  const format = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'shortOffset' })
  const { timeZone } = format.resolvedOptions()
  const offset = format.formatToParts(nowMs).find(({ type }) => type === 'timeZoneName')?.value
  return timeZone === 'UTC' || !offset ? timeZone : `${timeZone}, ${offset}`
}

/** An instant as an input of the type `datetime-local` takes it; empty without one. */
export function localTime(time: string | number | undefined): string {
  const at = new Date(time ?? '')
  if (Number.isNaN(at.getTime())) return ''
  // Summer time has another offset.
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}

function dayText(date: Date): string {
  return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
}
