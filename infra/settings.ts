/** Settings of the deploying command, in addition to those that it passes to the functions. */
import { setting, slice } from '../packages/runtime/settings/slice.ts'
import { list, onOff, text } from '../packages/runtime/settings/values.ts'

const ids = (prefix: string) =>
  list(id => new RegExp(`^${prefix}-[0-9a-z]+$`).test(id), `ids such as ${prefix}-0a1b2c3d`)

/** Network of the functions. */
export const VPC = slice(
  'Network of a deployment',
  {
    SUBNET_IDS: setting(ids('subnet'), {
      description: 'The subnets of the functions, from which brokers, cache and the AWS APIs can be reached.',
    }),
    SECURITY_GROUP_IDS: setting(ids('sg'), { description: 'The security groups of the functions.' }),
  },
  ({ SUBNET_IDS, SECURITY_GROUP_IDS }) => ({
    subnetIds: SUBNET_IDS ?? [],
    securityGroupIds: SECURITY_GROUP_IDS ?? [],
  }),
)

/** Settings of the deployed console. */
export const CONSOLE_DEPLOYMENT = slice(
  'Console of a deployment',
  {
    SLUICE_CONSOLE: setting(onOff(), {
      description: 'Whether the [console](console.md#in-an-account) is deployed, behind an HTTP API.',
      default: 'off',
    }),
    CONSOLE_JWT_ISSUER: setting(
      text(/^https:\/\/[^\s@]+$/, 'the https:// address of an OpenID Connect issuer'),
      {
        description:
          'The issuer of tokens that requests to the console must have, in the header `X-Console-Authorization`.',
        otherwise: 'the tokens of the console alone are asked for',
      },
    ),
    CONSOLE_JWT_AUDIENCE: setting(text(/^\S+$/, 'the audience of such tokens'), {
      description: 'Audience of those tokens. Set both, or neither.',
    }),
  },
  ({ SLUICE_CONSOLE }) => ({ console: SLUICE_CONSOLE }),
)

/** Tracing of functions with AWS X-Ray. */
export const TRACING_DEPLOYMENT = slice(
  'Tracing of a deployment',
  {
    SLUICE_TRACING: setting(onOff(), {
      description:
        'Whether Lambda traces invocations with X-Ray; spans of records have [another setting](#spans).',
      default: 'off',
    }),
  },
  ({ SLUICE_TRACING }) => ({ tracing: SLUICE_TRACING }),
)

/** Enabled schedules. */
export const SCHEDULES = slice(
  'Schedules',
  {
    SLUICE_GENERATOR: setting(onOff(), {
      description: 'Whether simulated readings are published.',
      otherwise: '`off` in an account, `on` on this machine',
    }),
    SLUICE_SCHEDULES: setting(onOff(), {
      description:
        'Whether any [schedule](deployment.md#schedules) runs; `off` overrides `SLUICE_GENERATOR`.',
      default: 'on',
    }),
  },
  ({ SLUICE_GENERATOR, SLUICE_SCHEDULES }) => ({
    all: SLUICE_SCHEDULES,
    ...(SLUICE_GENERATOR === undefined ? {} : { generator: SLUICE_GENERATOR }),
  }),
)
