import { command, environment, flag, JSON_OPTION, optionalArguments, SOME_TEXT } from '../command.ts'
import { CONDITIONS, handleDeadLetters, SELECTION_RULES } from './handle-dead-letters.ts'

export default command({
  about: `Mark dead letters as handled: they are no longer listed or redriven.

Without --yes, the command only shows the effect. Specify dead letters by AT or id, or select them with options,
such as --since 365d for all. Dropped dead letters stay in the topic until their retention ends;
to redrive one anyway, use \`sluice dlq redrive AT --again\`.`,
  more: `
Examples:
  sluice dlq drop 2@17 --yes
  sluice dlq drop --code schema-violated --until 7d`,
  args: {
    at: optionalArguments('positions as shown by `sluice dlq list`, or ids', SOME_TEXT),
  },
  options: {
    ...CONDITIONS,
    yes: flag('do it'),
    json: JSON_OPTION,
    env: environment('of the dead letters'),
  },
  ...SELECTION_RULES,
  run: ({ at: ats, ...options }, terminal) => handleDeadLetters({ command: 'drop', ats }, options, terminal),
})
