/** Adjusts findings about topics to the changes that a deployment will make. Pure. */

import { topicCheckOf } from '../../lib/diagnosis/checks/topics.ts'
import { type Finding, finding, type Observed, ok, unknown, wrong } from '../../lib/diagnosis/finding.ts'
import { ABOUT_REFUSED, type RefusedChange, type TopicPlan } from '../../lib/operations/topic-plan.ts'

/** Checks whose failure prevents a deployment, whatever the plan is. */
const NEVER_RIGHT = new Set(['timestamp-type'])
/** Checks whose errors a deployment corrects if its plan creates or changes the topic. */
const PLANNED = new Set([
  'exists',
  'partitions',
  'min-insync',
  'retention',
  'cleanup',
  'message-size',
  'compression',
])

/**
 * Returns the adjusted findings. A change that would be rejected is an error even if the topic works now. An error that the
 * deployment will correct is reported as ok.
 *
 * @param plan topic changes of the deployment, or the reason why they are unknown
 */
export function asPlanned(findings: readonly Finding[], plan: Observed<TopicPlan>): Finding[] {
  if ('unseen' in plan) return findings.map(one => unplanned(one, plan.unseen))
  const { creations, changes, refused } = plan.seen
  const created = new Set(creations.map(({ topic }) => `exists ${topic}`))
  const changed = new Set(changes.map(({ topic, setting }) => `${topicCheckOf(setting)} ${topic}`))
  const refusals = new Map(refused.map(change => [`${topicCheckOf(change.setting)} ${change.topic}`, change]))
  const told = findings.map(found => {
    const key = keyOf(found)
    const refusal = refusals.get(key)
    if (refusal) return refusedFinding(refusal)
    if (created.has(key)) return rightFinding(found, 'the deployment creates it')
    if (changed.has(key)) return rightFinding(found, 'the deployment corrects it')
    return found
  })
  const known = new Set(findings.map(keyOf))
  const others = [...refusals].filter(([key]) => !known.has(key))
  return [...told, ...others.map(([, refusal]) => refusedFinding(refusal))]
}

/** Returns a key for comparing a finding with planned changes. The key of a topic finding does not contain the area. */
function keyOf({ area, check, subject }: Finding): string {
  return area === 'topics' ? `${check} ${subject}` : `${area}/${check} ${subject}`
}

function refusedFinding({ topic, setting, found, wanted, because }: RefusedChange): Finding {
  return finding(
    'topics',
    topicCheckOf(setting),
    topic,
    wrong(
      `the deployment refuses to change ${setting} from ${found} to ${wanted}: ${because}`,
      `${ABOUT_REFUSED}.`,
    ),
  )
}

function rightFinding(found: Finding, what: string): Finding {
  const { area, check, subject, verdict, says } = found
  if (verdict !== 'wrong' || NEVER_RIGHT.has(check)) return found
  return finding(area, check, subject, ok(`${says}; ${what}`))
}

function unplanned(found: Finding, why: string): Finding {
  const { area, check, subject, verdict, says } = found
  if (area !== 'topics' || verdict !== 'wrong' || !PLANNED.has(check)) return found
  return finding(
    area,
    check,
    subject,
    unknown(
      `${says}; whether the deployment corrects this cannot be seen from here: ${why}`,
      '`sluice topics apply` shows the changes, and asks before it makes them.',
    ),
  )
}
