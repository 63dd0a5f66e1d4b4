/** Generates the figures of docs/costs.md and README.md that follow from the table of topics. */

import { SIGNALS, TOPICS } from '../../lib/app/topic-table.ts'
import { computeSum } from '../../lib/support/count.ts'

const HOURS_A_MONTH = 730
const PRICES = /^- MSK Serverless: ([\d.]+) an hour, ([\d.]+) a partition and hour/m
/** Rows of the table of costs at rest, with the costs of `dev` and `prod`. */
const ROW = /^\| ([^|*]+) \| ([\d,.]+) \| ([\d,.]+) \|$/gm
const CLUSTER = 'cluster, partitions, disks'
const SUM = /^\| \*\*sum\*\* .*$/m
const MONTHLY = /(?<=\[)\d+(?= dollars a month\]\(docs\/costs\.md\))/

/** Returns docs/costs.md with the costs of the partitions of `dev`, and the sums. @throws Error if the page has no place for them */
export function formatCostsPage(page: string): string {
  const [, hour, partitionHour] = PRICES.exec(page) ?? []
  if (hour === undefined || partitionHour === undefined || !SUM.test(page))
    throw new Error('docs/costs.md has no prices of MSK Serverless, or no sum')
  const partitions = computeSum(SIGNALS.map(signal => TOPICS[signal].partitions))
  const cluster = HOURS_A_MONTH * (Number(hour) + partitions * Number(partitionHour))
  const written = page.replace(ROW, (row, what, _, prod) =>
    what === CLUSTER ? `| ${what} | ${formatMoney(cluster)} | ${prod} |` : row,
  )
  const [dev, prod] = readSums(written)
  return written.replace(SUM, `| **sum** | **${formatMoney(dev)}** | **${formatMoney(prod)}** |`)
}

/** Returns README.md with what `dev` costs. @throws Error if the page has no place for it */
export function formatReadmeCosts(readme: string, costs: string): string {
  if (!MONTHLY.test(readme)) throw new Error('README.md does not say what a stage costs')
  return readme.replace(MONTHLY, String(Math.round(readSums(costs)[0])))
}

function readSums(page: string): [dev: number, prod: number] {
  const rows = [...page.matchAll(ROW)]
  const sum = (column: number) => computeSum(rows.map(row => Number(row[column]?.replaceAll(',', ''))))
  return [sum(2), sum(3)]
}

function formatMoney(dollars: number): string {
  return dollars.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
}
