/** Settings of a deployment's alarms. */
import { setting, slice } from '../../packages/runtime/settings/slice.ts'
import { list, onOff, positiveDecimal, text } from '../../packages/runtime/settings/values.ts'
import { isCacheNodes, MAX_CACHE_NODES } from './cache-nodes.ts'

const TOPIC = text(/^arn:aws[\w-]*:sns:[\w-]+:\d{12}:[\w-]+$/, 'the ARN of an SNS topic')

export const ALARMS = slice(
  'Alarms of a deployment',
  {
    SLUICE_ALARMS: setting(onOff(), {
      description: 'Whether the deployment has [alarms](runbook.md). The dashboard is always deployed.',
      otherwise: '`on` in `prod`, `off` in `dev`',
    }),
    ALARM_TOPIC_ARN: setting(TOPIC, {
      description:
        'SNS topic for urgent alarms. CloudWatch must be allowed to publish to it and to use its key.',
      otherwise: 'the alarms send no notifications',
    }),
    ALARM_SOON_TOPIC_ARN: setting(TOPIC, {
      description: 'SNS topic for alarms that can wait until the next working day.',
      otherwise: 'the value of `ALARM_TOPIC_ARN`',
    }),
    RUNBOOK_URL: setting(text(/^[^\s#]{1,200}$/, 'a URL or a path without "#"'), {
      description:
        'URL or path of the runbook. The description of each alarm contains it, followed by `#` and a heading.',
      default: 'docs/runbook.md',
    }),
    CACHE_NAME: setting(text(/^[a-zA-Z][\w-]{0,39}$/, 'the name of a serverless cache'), {
      description: 'ElastiCache Serverless cache with alarms on memory and evictions.',
      otherwise: 'the cache of `REDIS_URL`, if it is serverless',
    }),
    CACHE_GIGABYTES: setting(positiveDecimal(), {
      description: 'Data storage limit of the serverless cache.',
      default: '10',
    }),
    CACHE_NODES: setting(
      list(isCacheNodes, 'ids of nodes such as telemetry-001, or CLUSTER/SHARDS such as telemetry/3'),
      {
        description: `Nodes of an ElastiCache cluster that is not serverless, with alarms on memory and evictions. \`telemetry/3\` expands to \`telemetry-0001-001\` through \`telemetry-0003-002\`: three shards with a replica each, as ElastiCache names them. At most ${MAX_CACHE_NODES} nodes with alarms.`,
        otherwise: 'none',
      },
    ),
  },
  values => values,
)
