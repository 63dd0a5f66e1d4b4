import type { ContentMode } from '../cloudevents/writer.ts'
import { omitUndefined } from '../consumer/omit-undefined.ts'
import { CONSUMER_DEFAULTS } from '../pipeline/consumer.ts'
import { type Slice, setting, slice, toVariableName } from './slice.ts'
import { oneOf, text } from './value-kinds.ts'

const CONTENT_MODES: readonly ContentMode[] = ['binary', 'structured']

/** The name of an environment. */
export const ENVIRONMENT_NAME = text(/^[a-z0-9-]{1,20}$/, '1 to 20 lower-case letters, digits and "-"')

export interface GeneralSettings {
  /** Name of the environment, which is the last part of topic names. */
  readonly env: string
  /** Content mode of events in Kafka. */
  readonly contentMode: ContentMode
  /** If true, connections are closed after one invocation so that the process can exit. */
  readonly singleInvocation: boolean
  /** Version of the deployed code, for a function whose version cannot be derived from its files. */
  readonly codeVersion?: string
}

const ENV = setting('kafka.environment', ENVIRONMENT_NAME, {
  description: "The environment: the last part of the topics' names.",
  default: 'local',
  setBy: 'deployment',
})

const SHARED = {
  CONTENT_MODE: setting('producer.content_mode', oneOf(CONTENT_MODES), {
    description: 'How events are written to Kafka: `structured` has the whole event in the value.',
    default: CONSUMER_DEFAULTS.contentMode,
  }),
  IS_LOCAL: setting(text(/^/, '"true", or anything else for no'), {
    description: 'Whether the process ends after one invocation.',
    setBy: 'runtime',
  }),
  CODE_VERSION: setting(text(/^/, 'any text'), {
    description:
      'Identifies the code of a function that shares files with others. `serverless offline` sets it.',
    otherwise: 'a hash of the bundle',
    setBy: 'runtime',
  }),
}

/** Returns the settings of every function of an application. */
export function generalSettings<const Name extends string>(
  application: Name,
): Slice<GeneralSettings, typeof SHARED & Readonly<Record<`${Uppercase<Name>}_ENV`, typeof ENV>>> {
  const env = toVariableName(application, 'ENV')
  const general = slice('General', { [env]: ENV, ...SHARED }, values =>
    omitUndefined({
      env: (values as Readonly<Record<string, unknown>>)[env] as string,
      contentMode: values.CONTENT_MODE,
      singleInvocation: values.IS_LOCAL === 'true',
      codeVersion: values.CODE_VERSION,
    }),
  )
  return general as never
}
