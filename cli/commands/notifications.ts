import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { addNotificationsCheck } from './notifications/check.ts'

export function addNotifications(program: Command, terminal: Terminal): void {
  const notifications = program
    .command('notifications')
    .summary('check who is told of alerts')
    .description('Check the files that say who is told of alerts, and how.')
  addNotificationsCheck(notifications, terminal)
}
