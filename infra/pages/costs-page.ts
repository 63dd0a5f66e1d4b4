/** Generates the figures of docs/costs.md and README.md that follow from the brokers of the stages. */

import { computeSum } from '../../lib/support/count.ts'
import { STAGES, type Stage } from '../place/stages.ts'

const HOURS_A_MONTH = 730
const BROKERS = 3
/** Rows of the table of costs at rest, with the costs of `dev` and `prod`. */
const ROW = /^\| ([^|*]+) \| ([\d,.]+) \| ([\d,.]+) \|$/gm
const CLUSTER = 'brokers, disks'
const SUM = /^\| \*\*sum\*\* .*$/m
const MONTHLY = /(?<=\[)\d+(?= dollars a month\]\(docs\/costs\.md\))/

/** Returns docs/costs.md with the costs of the brokers, and the sums. @throws Error if the page has no place for them, or no price */
export function formatCostsPage(page: string): string {
  const { dev, prod } = STAGES
  const cluster = `| ${CLUSTER} | ${formatMoney(priceBrokers(page, dev))} | ${formatMoney(priceBrokers(page, prod))} |`
  const written = page.replace(ROW, (row, what) => (what === CLUSTER ? cluster : row))
  if (!written.includes(cluster) || !SUM.test(page))
    throw new Error('docs/costs.md has no brokers, or no sum')
  const [devSum, prodSum] = readSums(written)
  return written.replace(SUM, `| **sum** | **${formatMoney(devSum)}** | **${formatMoney(prodSum)}** |`)
}

function priceBrokers(page: string, { brokerType, brokerStorageGiB }: Stage): number {
  const hour = Number(page.split(`\`${brokerType}\` `)[1]?.match(/^[\d.]+/)?.[0])
  const gigabyte = Number(/disks ([\d.]+) a GB/.exec(page)?.[1])
  if (Number.isNaN(hour + gigabyte))
    throw new Error(`docs/costs.md has no price of ${brokerType} or of disks`)
  return BROKERS * (HOURS_A_MONTH * hour + brokerStorageGiB * gigabyte)
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
