import { Command } from 'commander'
import { installObjects, printManifests } from '../install/install-objects.ts'
import { type Shell, UsageError } from './shell.ts'

interface InstallOptions {
  image: string
  namespace: string
  onlyNamespace?: boolean
}

/** `fusee install`: prints what `kubectl apply -f -` takes, and touches no cluster. */
export function createInstallCommand(shell: Shell): Command {
  return new Command('install')
    .description('print the manifests of the controller for a Kubernetes cluster')
    .requiredOption('--image <ref>', 'image of the controller, which the cluster can pull')
    .option('--namespace <name>', 'namespace of the controller', 'fusee')
    .option('--only-namespace', 'follow the Repositories of that namespace alone, which has to be there, with rights in it alone')
    .addHelpText('after', '\nExample:\n  fusee install --image registry.example.com/fusee:0.1.0 | kubectl apply --server-side -f -')
    .action((options: InstallOptions) => {
      checkImage(options.image)
      if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(options.namespace)) {
        throw new UsageError(`${JSON.stringify(options.namespace)} is no name of a namespace: use a-z, 0-9 and -`)
      }
      const scope = options.onlyNamespace === true ? 'Namespace' : 'Cluster'
      shell.stdout.write(printManifests(installObjects({ image: options.image, namespace: options.namespace, scope })))
    })
}

/** A reference as the container runtimes read it, roughly: enough to catch what was meant to be another option's value. */
function checkImage(image: string): void {
  if (/^[a-z0-9][a-zA-Z0-9._:/@-]*$/.test(image) && !image.endsWith(':')) return
  throw new UsageError(`${JSON.stringify(image)} is no image: write it as in registry.example.com/fusee:0.1.0`)
}
