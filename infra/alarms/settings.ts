/** Settings of a deployment's alarms. */
import { setting, slice } from '../../packages/runtime/settings/slice.ts'
import { list, onOff, positiveDecimal, text } from '../../packages/runtime/settings/values.ts'
import { isCacheNodes, MAX_CACHE_NODES } from './cache-nodes.ts'

const TOPIC = text(/^arn:aws[\w-]*:sns:[\w-]+:\d{12}:[\w-]+$/, 'the ARN of an SNS topic')

export const ALARMS = slice(
  'Alarms of a deployment',
  {
    SLUICE_ALARMS: setting(onOff(), {
      description: 'Whether the deployment has [alarms](runbook.md). It has a dashboard in any case.',
      otherwise: 'as the stage has it: `on` in `prod`, `off` in `dev`',
    }),
    ALARM_TOPIC_ARN: setting(TOPIC, {
      description:
        'SNS topic for urgent alarms. CloudWatch must be allowed to publish there, and to use its key.',
      otherwise: 'the alarms change their state without notifications',
    }),
    ALARM_SOON_TOPIC_ARN: setting(TOPIC, {
      description: 'The SNS topic for alarms that can wait until the next working day.',
      otherwise: 'they go to `ALARM_TOPIC_ARN`, too',
    }),
    RUNBOOK_URL: setting(text(/^[^\s#]{1,200}$/, 'an address or a path without "#"'), {
      description: 'Where people read the runbook: each alarm names it, with its own heading behind it.',
      default: 'docs/runbook.md',
    }),
    KAFKA_CAPACITY_IN: setting(positiveDecimal(), {
      description:
        'MB a second that may come in, for each broker or for MSK Serverless. There is an alarm above four fifths of it.',
      otherwise: '20 for a broker, 200 for MSK Serverless',
    }),
    KAFKA_CAPACITY_OUT: setting(positiveDecimal(), {
      description: 'The same for what goes out.',
      otherwise: '60 for a broker, 400 for MSK Serverless',
    }),
    CACHE_NAME: setting(text(/^[a-zA-Z][\w-]{0,39}$/, 'the name of a serverless cache'), {
      description: 'The ElastiCache Serverless cache whose memory and evictions are watched.',
      otherwise: 'that of `REDIS_URL`, where it is one',
    }),
    CACHE_GIGABYTES: setting(positiveDecimal(), {
      description: 'The limit of the data in that cache.',
      default: '10',
    }),
    CACHE_NODES: setting(
      list(isCacheNodes, 'ids of nodes such as telemetry-001, or CLUSTER/SHARDS such as telemetry/3'),
      {
        description: `The nodes of an ElastiCache that is not serverless, whose memory and evictions are watched. \`telemetry/3\` stands for \`telemetry-0001-001\` to \`telemetry-0003-002\`: three shards with a replica each, as ElastiCache names them. With alarms, at most ${MAX_CACHE_NODES} nodes.`,
        otherwise: 'none',
      },
    ),
  },
  values => values,
)
