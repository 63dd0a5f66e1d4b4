/** How figures are written, everywhere the same. Pure. */

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 2 })
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

/** `12,345.67` */
export function numberText(value: number): string {
  return NUMBER.format(value)
}

/** `12.3K`, where room is scarce. */
export function compactText(value: number): string {
  return COMPACT.format(value)
}

/** `3 records`, `1 record` */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${numberText(count)} ${count === 1 ? one : many}`
}

/** Of something a second: `1,012/s`, `12.3/s`, `0.04/s`; where nothing is known, a dash. */
export function rateText(perSecond: number | null): string {
  if (perSecond === null) return '–'
  const digits = perSecond >= 100 ? 0 : perSecond >= 1 ? 1 : 2
  return `${numberText(Number(perSecond.toFixed(digits)))}/s`
}

/** `850 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h` */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  const seconds = ms / 1_000
  if (seconds < 60) return `${Number(seconds.toFixed(1))} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** `4,096 bytes`, `1.5 MiB` */
export function bytesText(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB']
  if (bytes < 1024) return countText(bytes, 'byte')
  let value = bytes
  let unit = ''
  for (const next of units) {
    if (value < 1024) break
    value /= 1024
    unit = next
  }
  return `${Number(value.toFixed(1))} ${unit}`
}
