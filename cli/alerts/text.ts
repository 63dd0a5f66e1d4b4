/** Formats values of alerts as text. Pure. */
import { formatQuantity, shortNumber } from '../../lib/support/short-number.ts'
import type { AlertSummary } from '../../lib/tables/alert-summary.ts'
import { escapeText } from '../output/text-width.ts'

/** Formats the value that an alert observed: a number such as `41 °C`, or a state. */
export function formatValue(
  value: AlertSummary['value'],
  { threshold, unit }: Partial<{ threshold: number | null | undefined; unit: string | undefined }>,
): string {
  if (value === null) return '-'
  return typeof value === 'number' ? formatQuantity(shortNumber(value, [threshold]), unit) : escapeText(value)
}
