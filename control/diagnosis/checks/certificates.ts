/** Checks how long a certificate is valid. Pure. */
import type { X509Certificate } from 'node:crypto'
import { count } from '../../../lib/support/count.ts'
import { DAY_MS } from '../../../lib/support/duration.ts'
import { type Area, createFinding, type Finding, wrong } from '../finding.ts'

/** Number of days before the end of a certificate from which it is reported. */
const WARN_DAYS = 30

type Period = Pick<X509Certificate, 'validFromDate' | 'validToDate'>

export function checkCertificate(area: Area, subject: string, period: Period, nowMs: number): Finding {
  return createFinding(area, 'certificate', subject, judge(period, nowMs))
}

function judge({ validFromDate: from, validToDate: to }: Period, nowMs: number) {
  if (to.getTime() <= nowMs) return wrong(`the certificate ended on ${to.toISOString()}`, 'Renew it.')
  if (from.getTime() > nowMs)
    return wrong(
      `the certificate is not valid before ${from.toISOString()}`,
      'Correct the clock of this machine, or use another certificate.',
    )
  const days = Math.floor((to.getTime() - nowMs) / DAY_MS)
  if (days >= WARN_DAYS) return `the certificate is valid until ${to.toISOString()}`
  return wrong(`the certificate ends in ${count(days, 'day')}, on ${to.toISOString()}`, 'Renew it before.')
}
