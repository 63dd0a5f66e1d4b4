import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { addAlertsAck } from './alerts/ack.ts'
import { addAlertsCount } from './alerts/count.ts'
import { addAlertsList } from './alerts/list.ts'
import { addAlertsSendTest } from './alerts/send-test.ts'
import { addAlertsShow } from './alerts/show.ts'
import { addAlertsSql } from './alerts/sql.ts'

export function addAlerts(program: Command, terminal: Terminal): void {
  const alerts = program
    .command('alerts')
    .summary('look at alerts, and acknowledge them')
    .description('Look at the alerts that fire now or have fired, and acknowledge them.')
  addAlertsList(alerts, terminal)
  addAlertsShow(alerts, terminal)
  addAlertsCount(alerts, terminal)
  addAlertsAck(alerts, terminal)
  addAlertsSql(alerts, terminal)
  addAlertsSendTest(alerts, terminal)
}
