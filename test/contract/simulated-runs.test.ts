import { createSimulatedCluster } from '../../src/cluster/simulated/cluster.ts'
import { createSystemClock, createSystemRandom } from '../../src/system-clock.ts'
import { testRunCluster } from './run-cluster.ts'

testRunCluster('the simulated cluster', async () => {
  const { runs } = createSimulatedCluster({ clock: createSystemClock(), random: createSystemRandom() })
  return { runs, namespace: 'data', close: async () => {} }
})
