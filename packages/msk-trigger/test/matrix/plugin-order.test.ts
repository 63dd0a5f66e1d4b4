import { tryOrders } from '../integration/plugin-orders.ts'

/** The orders that `npm test` leaves out. */
const MATRIX = [
  [
    ['trigger', 'esbuild', 'offline'],
    ['offline', 'start'],
  ],
  [['esbuild', 'trigger', 'offline'], ['offline']],
  [
    ['esbuild', 'trigger', 'offline'],
    ['offline', 'start'],
  ],
  [['esbuild', 'offline', 'trigger'], ['offline']],
  [
    ['esbuild', 'offline', 'trigger'],
    ['offline', 'start'],
  ],
  [['offline', 'trigger', 'esbuild'], ['offline']],
  [['trigger', 'webpack', 'offline'], ['offline']],
  [['webpack', 'trigger', 'offline'], ['offline']],
] as const

tryOrders(MATRIX)
