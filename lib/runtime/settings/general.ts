import type { ContentMode } from '../cloudevents/writer.ts'
import { defined } from '../consumer/defined.ts'
import { CONSUMER_DEFAULTS } from '../pipeline/consumer.ts'
import { setting, slice } from './slice.ts'
import { oneOf, text } from './values.ts'

const CONTENT_MODES: readonly ContentMode[] = ['binary', 'structured']

/** The name of an environment. */
export const ENVIRONMENT_NAME = text(/^[a-z0-9-]{1,20}$/, '1 to 20 lower-case letters, digits and "-"')

export interface GeneralSettings {
  /** Environment: the last part of topic names. */
  readonly env: string
  /** How events are written to Kafka. */
  readonly contentMode: ContentMode
  /** Whether this process ends after one invocation, once all connections are closed. */
  readonly singleInvocation: boolean
  /** Identifies the deployed code, for a function whose files cannot. */
  readonly codeVersion?: string
}

/** The settings of every function. */
export const GENERAL = slice(
  'General',
  {
    SLUICE_ENV: setting(ENVIRONMENT_NAME, {
      description: "The environment: the last part of the topics' names. A deployment sets it to its stage.",
      default: 'local',
      setBy: 'deployment',
    }),
    CONTENT_MODE: setting(oneOf(CONTENT_MODES), {
      description: 'How events are written to Kafka.',
      default: CONSUMER_DEFAULTS.contentMode,
    }),
    IS_LOCAL: setting(text(/^/, '"true", or anything else for no'), {
      description: 'Whether the process ends after one invocation. `serverless invoke local` sets it.',
      setBy: 'runtime',
    }),
    CODE_VERSION: setting(text(/^/, 'any text'), {
      description:
        'Identifies the code of a function that shares files with others. `serverless offline` sets it.',
      otherwise: 'a hash of the bundle',
      setBy: 'runtime',
    }),
  },
  ({ SLUICE_ENV, CONTENT_MODE, IS_LOCAL, CODE_VERSION }): GeneralSettings =>
    defined({
      env: SLUICE_ENV,
      contentMode: CONTENT_MODE,
      singleInvocation: IS_LOCAL === 'true',
      codeVersion: CODE_VERSION,
    }),
)

/** The logger itself reads this setting. It is declared here for the documentation and for the checks of a deployment. */
export const LOGGING = slice(
  'Logs',
  {
    LOG_LEVEL: setting(oneOf(['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'CRITICAL', 'SILENT']), {
      description: 'The least severe level that is logged.',
      default: 'INFO',
    }),
  },
  () => ({}),
)
