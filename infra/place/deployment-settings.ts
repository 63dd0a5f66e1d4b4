/** Settings that only the deploying command uses. They are not passed to the functions. */
import { list, onOff, setting, slice, text } from '#runtime/settings'
import { ALARMS } from './alarm-settings.ts'

const ids = (prefix: string) =>
  list(id => new RegExp(`^${prefix}-[0-9a-z]+$`).test(id), `ids such as ${prefix}-0a1b2c3d`)

/** Setting that names the long-lived stack. The stack's outputs are used for settings that are not set. */
export const STACK = slice('Long-lived stack of a deployment', {
  INFRA_STACK: setting(
    text(
      /^[A-Za-z][A-Za-z0-9-]{0,127}$/,
      'the name of a stack: a letter, and up to 127 letters, digits and "-"',
    ),
    {
      description:
        'Name of the [long-lived stack](infrastructure.md). Its outputs replace variables that are not set.',
      otherwise: 'no outputs are used',
    },
  ),
})

/** Network of the functions. */
const VPC = slice('Network of a deployment', {
  SUBNET_IDS: setting(ids('subnet'), {
    description: 'Subnets of the functions. Brokers, cache and the AWS APIs must be reachable from them.',
  }),
  SECURITY_GROUP_IDS: setting(ids('sg'), { description: 'Security groups of the functions.' }),
})

/** Tracing of functions with AWS X-Ray. */
const TRACING = slice('Tracing of a deployment', {
  SLUICE_TRACING: setting(onOff(), {
    description:
      'Whether Lambda traces invocations with X-Ray, which also samples [spans](observability.md#spans) there.',
    default: 'off',
  }),
})

/** Encryption of the history of a deployment. */
const HISTORY = slice('History of a deployment', {
  HISTORY_KEY_ARN: setting(text(/^arn:aws[\w-]*:kms:[\w-]+:\d{12}:key\/[\w-]+$/, 'the ARN of a KMS key'), {
    description: 'Key of `HISTORY_BUCKET`.',
    otherwise: 'S3 encrypts the objects with its own key',
  }),
})

/** Enabled schedules. */
export const SCHEDULES = slice('Schedules', {
  SLUICE_GENERATOR: setting(onOff(), {
    description: 'Whether simulated readings are published.',
    otherwise: '`off` in an account, `on` on this machine',
  }),
  SLUICE_SCHEDULES: setting(onOff(), {
    description:
      'Whether [schedules](deployment.md#schedules) are enabled. `off` overrides `SLUICE_GENERATOR`.',
    default: 'on',
  }),
})

/** All settings that only the deploying command uses. */
export const DEPLOYMENT = [STACK, VPC, TRACING, HISTORY, ALARMS, SCHEDULES] as const
