import { command, environment, JSON_OPTION } from '../command.ts'
import { configOf } from '../connections.ts'
import { withKafka } from '../kafka.ts'
import { printReport } from '../terminal.ts'
import { planText } from './plan-text.ts'
import { planned } from './planning.ts'

export default command({
  about: `Show how the topics of the environment differ from the topic table (lib/app/topics.ts), and what \`sluice topics apply\`
would change. Nothing is changed.`,
  more: `
+ marks a topic to create, ~ a change, and ! a change that is refused because records or states would be lost.

Example:
  sluice topics plan --env staging`,
  options: {
    json: JSON_OPTION,
    env: environment('of the topics'),
  },
  async run({ json, env }, terminal) {
    const config = configOf(terminal, env)
    const found = await withKafka(config, planned)
    printReport(terminal, { env: config.env, ...found.plan }, json, planText)
  },
})
