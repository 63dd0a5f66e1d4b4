#!/usr/bin/env node
/** Entry point of the package's command. */
import process from 'node:process'
import { createTopics } from './topics-command.ts'

const USAGE = `Usage: npx @sluice/runtime topics MODULE

Creates the topics of the application that MODULE exports, directly or through a handler, on the cluster of KAFKA_BROKERS or
MSK_CLUSTER_ARN. Existing topics are compared, but not changed.`

const [command, path, ...more] = process.argv.slice(2)
if (command === 'topics' && path !== undefined && more.length === 0)
  try {
    await createTopics(path, line => console.log(line))
    // Exit explicitly: the loaded module may contain a handler that has opened connections.
    process.exit()
  } catch (error) {
    const { name, message } = error as Error
    console.error(name === 'ConfigError' ? message : `${name}: ${message}`)
    process.exit(1)
  }
console.log(USAGE)
process.exit(command === '--help' ? 0 : 2)
