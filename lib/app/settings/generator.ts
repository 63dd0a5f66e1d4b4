import {
  exactOptional,
  type GenericSchema,
  integer,
  maxValue,
  minValue,
  number,
  optional,
  pipe,
  rawTransform,
  regex,
  safeParse,
  string,
} from 'valibot'
import { ConfigError, errorLines } from '../../../packages/runtime/settings/config-error.ts'
import { type Documented, setting, slice } from '../../../packages/runtime/settings/slice.ts'
import { text } from '../../../packages/runtime/settings/values.ts'
import { FAMILIES, type FamilyName } from '../../telemetry/families.ts'
import { type KeyStrategy, keyStrategyNamed, NAMED_STRATEGIES } from '../../telemetry/key.ts'
import { GENERATOR_DEFAULTS, type GeneratorSettings } from '../../telemetry/simulator/settings.ts'
import { simulatedFields } from '../../telemetry/simulator.ts'
import { document } from './document.ts'

export interface GeneratorParameter {
  /** Name of the parameter, if one is configured. */
  readonly generatorParameter?: string
}

/** Where the settings of the generator are. */
export const GENERATOR = slice(
  'Generator',
  {
    GENERATOR_PARAMETER: setting(text(/^\S+$/, 'the name of a parameter'), {
      description: "The SSM parameter with the [generator's settings](#the-generators-parameter).",
      otherwise: 'its defaults',
      setBy: 'deployment',
    }),
  },
  ({ GENERATOR_PARAMETER: name }): GeneratorParameter => ({ ...(name ? { generatorParameter: name } : {}) }),
)

interface Key extends Documented {
  readonly schema: GenericSchema<unknown, unknown>
}

const SEED = 'a text of 1 to 32 letters and digits'
const TICK = 'a whole number of seconds from 1 to 60'
const RATE = 'a number from 0 to 1'
const STRATEGY = `one of ${NAMED_STRATEGIES.join(', ')}, or the path of a field of its readings, such as location.site`
const FAMILY_NAMES = Object.keys(FAMILIES)

/** A strategy by its name, or a field that every simulated reading of the family has. */
function strategyOf(family: FamilyName) {
  return exactOptional(
    pipe(
      string(`must be ${STRATEGY}`),
      rawTransform<string, KeyStrategy>(({ dataset, addIssue, NEVER }) => {
        const strategy = keyStrategyNamed(dataset.value)
        const fields = simulatedFields(family)
        if (typeof strategy === 'string' || (strategy && fields.includes(strategy.field))) return strategy
        addIssue({
          message: `must be one of ${NAMED_STRATEGIES.join(', ')}, or a field: ${fields.join(', ')}`,
        })
        return NEVER
      }),
    ),
  )
}

/** The keys of the JSON document in the parameter. */
export const GENERATOR_KEYS = {
  seed: {
    description:
      'The seed of the readings and their ids. Change it with other settings: the same ids with other content are refused.',
    allowed: SEED,
    default: GENERATOR_DEFAULTS.seed,
    // Without a hyphen: ids are `sim-<seed>-<sensor>-<tick>` and must not be ambiguous.
    schema: pipe(string(`must be ${SEED}`), regex(/^[A-Za-z0-9]{1,32}$/, `must be ${SEED}`)),
  },
  tickSeconds: {
    description: 'The time from one reading of a sensor to its next.',
    allowed: TICK,
    default: String(GENERATOR_DEFAULTS.tickSeconds),
    schema: pipe(
      number(`must be ${TICK}`),
      integer(`must be ${TICK}`),
      minValue(1, `must be ${TICK}`),
      maxValue(60, `must be ${TICK}`),
    ),
  },
  anomalyRate: {
    description: "The share of a sensor's windows (twelve ticks each) that have an anomaly.",
    allowed: RATE,
    default: String(GENERATOR_DEFAULTS.anomalyRate),
    schema: pipe(number(`must be ${RATE}`), minValue(0, `must be ${RATE}`), maxValue(1, `must be ${RATE}`)),
  },
  keyStrategy: {
    description: `How readings of a family are keyed: an object with any of the keys ${FAMILY_NAMES.join(', ')}.`,
    allowed: `an object whose values are each ${STRATEGY}`,
    otherwise: 'as the table of families says',
    schema: document({
      environment: strategyOf('environment'),
      database: strategyOf('database'),
      device: strategyOf('device'),
    }),
  },
} as const satisfies Readonly<Record<keyof GeneratorSettings, Key>>

const DOCUMENT = document({
  seed: optional(GENERATOR_KEYS.seed.schema, GENERATOR_DEFAULTS.seed),
  tickSeconds: optional(GENERATOR_KEYS.tickSeconds.schema, GENERATOR_DEFAULTS.tickSeconds),
  anomalyRate: optional(GENERATOR_KEYS.anomalyRate.schema, GENERATOR_DEFAULTS.anomalyRate),
  keyStrategy: optional(GENERATOR_KEYS.keyStrategy.schema, GENERATOR_DEFAULTS.keyStrategy),
})

/**
 * Reads the generator's settings from parsed JSON. Missing settings have their defaults.
 *
 * @param parameter the name of the parameter that contains them, for messages
 * @throws ConfigError with every error of the settings
 */
export function generatorSettings(input: unknown, parameter?: string): GeneratorSettings {
  const { output, issues } = safeParse(DOCUMENT, input)
  if (issues)
    throw new ConfigError(
      parameter ? `parameter ${parameter}` : "the generator's parameter",
      errorLines(issues),
    )
  return output
}
