import { mountWords } from './bubblewrap.ts'
import type { ContainerLaunch } from './launch.ts'
import type { ProcessSource } from './process-identity.ts'

/** What a pod's script depends on besides its containers. */
export interface PodScriptOptions {
  processSource: ProcessSource
  /** See machineId. */
  machine: string
  /** Absolute path of setsid(1); null on systems that have none, where the shell's job control gives a container its process group. */
  setsid: string | null
  /** Absolute path of bwrap(1); null where nothing can be mounted. */
  bubblewrap: () => string | null
  /** Folder of the control group in which the containers run; null where there is none. */
  group?: string | null
  /** Output of one container beyond this loses its older part, at least the last quarter of the limit stays. */
  logLimitBytes: number
}

/** Names that a shell gives a meaning of its own or refuses to set: env(1) sets those, after the shell has gone. */
const SHELL_OWN =
  /^(_|IFS|PWD|OLDPWD|PPID|UID|EUID|GROUPS|ENV|PS[0-4]|OPTIND|OPTARG|OPTERR|LINENO|RANDOM|SECONDS|SHLVL|SHELLOPTS|BASHOPTS|POSIXLY_CORRECT|HIST\w*|BASH\w*|FUNCNAME|DIRSTACK|PIPESTATUS|MAIL\w*)$/
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * The shell script that is one pod, run with the pod's folder as its working directory. It needs no controller: it claims the pod, runs
 * the containers, keeps their output, and leaves all it knows as empty files in `state/`, the facts in their names and times
 * in their dates. So a fact is there or not, needs no room on a full disk, and is written without starting a process.
 *
 *     claim -> pid|start|machine   symbolic link: who runs the pod; made by exactly one
 *     started-<container>-<pid>    the pid leads the container's process group
 *     ended-<container>-<code>
 *     done                         output is complete
 *
 * It comes through standard input and runs nothing before its last line is there, so no value of a secret is on disk or in a list of
 * processes, and a controller that dies while writing it leaves a pod that nobody has claimed.
 */
export function writePodScript(containers: readonly ContainerLaunch[], options: PodScriptOptions): string {
  const group = options.group ?? null
  const init = [...containers.keys()].filter((index) => containers[index]?.isInit === true)
  const main = [...containers.keys()].filter((index) => containers[index]?.isInit !== true)
  return [
    FUNCTIONS,
    keepLog(options.logLimitBytes),
    claim(options),
    ...containers.map((container, index) => runContainer(container, index, options)),
    'pod() {',
    '  claim || return',
    ...init.map((index) => `  run_${index}; [ -e state/ended-${index}-0 ] || { mark done; return; }`),
    // A pipeline, since what `&` starts ignores SIGINT for ever.
    `  ${main.map((index) => `run_${index}`).join(' | ')}`,
    '  mark done',
    '}',
    `pod </dev/null >/dev/null 2>&1${group === null ? '' : `; rmdir ${quote(group)} 2>/dev/null`}; exit`,
    '',
  ].join('\n')
}

const FUNCTIONS = `\
mark() { until true >"state/$1"; do sleep 1; done 2>/dev/null; }
end_group() { for started in state/started-"$1"-*; do kill -9 "-\${started##*-}"; done 2>/dev/null; }`

/** Reads of its output after which a container's log is measured. */
const READS = 640
/** The same for output that finds no room. */
const READS_IN_VAIN = 64

/**
 * Its output goes through dd, which writes what it reads at once and loses nothing: so neither a full log nor a full disk ever
 * hurts the container, and no controller is needed to keep the log small. Two files hold it, each of at most half the limit; a full one becomes
 * the older one. dd says how often it has read (`0+3 records in`, after a warning or not): fewer times than it was to means the end.
 */
function keepLog(limitBytes: number): string {
  const readBytes = Math.max(1, Math.floor(limitBytes / 4 / READS))
  return `\
reads() { set -- "\${1%% records in*}"; set -- "\${1##*
}"; reads=$((\${1:-0})); }
keep_log() {
  export LC_ALL=C
  while :; do
    if said=$(exec dd bs=${readBytes} count=${READS} 2>&1 >>"logs/$1"); then
      reads "$said"
      [ "$reads" -eq ${READS} ] || return
      [ "$(wc -c <"logs/$1")" -lt ${Math.floor(limitBytes / 4)} ] || mv -f "logs/$1" "logs/$1.old"
    else
      reads "$(exec dd bs=65536 count=${READS_IN_VAIN} 2>&1 >/dev/null)"
      [ "$reads" -eq ${READS_IN_VAIN} ] || return
    fi
  done
}`
}

function claim(options: PodScriptOptions): string {
  const readStart =
    options.processSource === 'proc'
      ? 'read -r stat </proc/$$/stat; set -- ${stat##*) }; start=${20}'
      : 'set -- $(LC_ALL=C ps -o lstart= -p $$); start=$*'
  return `\
claim() {
  ${readStart}
  ln -s "$$|$start|"${quote(options.machine)} state/claim
}`
}

function runContainer(container: ContainerLaunch, index: number, options: PodScriptOptions): string {
  const own = options.processSource === 'proc' ? 'read -r self rest </proc/self/stat' : `self=$(exec sh -c 'echo $PPID')`
  const begin = options.setsid === null ? `(set -m; (begin_${index}))` : `(begin_${index})`
  return `\
begin_${index}() {
  ${own}
  mark "started-${index}-$self"${intoGroup(options.group ?? null)}
  cd ${quote(container.mounts.length > 0 ? '/' : container.workingDir)} || exit 128
${exports(container)}  exec ${[...launcher(container, options), ...container.argv].map(quote).join(' ')}
}
run_${index}() {
  [ -e state/stop ] && return
  { ${begin} 2>&1; code=$?; end_group ${index}; mark "ended-${index}-$code"; } </dev/null | keep_log ${index} >/dev/null 2>&1
}`
}

/**
 * From here on, whatever it starts stays in the group. A process that moves itself as a thread is not held up by the kernel, which lets one that moves
 * as a whole wait for all others, 10 to 20 ms; for that the group must be threaded, which not every parent allows. Where it may not be entered at
 * all, processes are found without.
 */
function intoGroup(group: string | null): string {
  if (group === null) return ''
  const [type, threads, procs] = ['type', 'threads', 'procs'].map((file) => quote(`${group}/cgroup.${file}`))
  return `\n  { { echo threaded >${type} && echo 0 >${threads}; } || echo 0 >${procs}; } 2>/dev/null`
}

function exports(container: ContainerLaunch): string {
  return container.env
    .filter(({ name }) => isExportable(name))
    .map(({ name, value }) => `  export ${name}=${quote(value)}\n`)
    .join('')
}

function launcher(container: ContainerLaunch, options: PodScriptOptions): string[] {
  const others = container.env.filter(({ name }) => !isExportable(name)).map(({ name, value }) => `${name}=${value}`)
  const env = others.length === 0 ? [] : ['/usr/bin/env', ...others]
  const bubblewrap = container.mounts.length > 0 ? options.bubblewrap() : null
  const mounts = bubblewrap === null ? [] : mountWords(bubblewrap, container.mounts, container.workingDir)
  return [...(options.setsid === null ? [] : [options.setsid]), ...mounts, ...env]
}

function isExportable(name: string): boolean {
  return IDENTIFIER.test(name) && !SHELL_OWN.test(name)
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
