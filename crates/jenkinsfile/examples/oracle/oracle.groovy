// Says of each program in a file whether Groovy reads it: one line each, "ok" or "no MESSAGE".
// The programs are separated by NUL. Nothing is run. Of the names it counts which are declared twice, not
// which classes there are: plugins and libraries bring some.
import org.codehaus.groovy.control.*

def message = { it.hasProperty('cause') ? it.cause.message : it.toString() }
def twice = ['The current scope already contains', 'Invalid duplicate class definition']

def programs = new File(args[0]).getText('UTF-8').split('\0', -1)
def out = new StringBuilder()
for (program in programs) {
    try {
        def unit = new CompilationUnit(new CompilerConfiguration())
        unit.addSource('Jenkinsfile', program)
        def said = null
        unit.compile(Phases.CONVERSION)
        try {
            unit.compile(Phases.SEMANTIC_ANALYSIS)
        } catch (MultipleCompilationErrorsException e) {
            def all = e.errorCollector.errors.collect(message)
            said = all.find { text -> twice.any { text.startsWith(it) } }
        }
        out << (said ? "no ${said.readLines()[0]}\n" : 'ok\n')
    } catch (MultipleCompilationErrorsException e) {
        out << 'no ' << message(e.errorCollector.getError(0)).readLines()[0] << '\n'
    } catch (Throwable e) {
        out << 'no ' << e.class.name << '\n'
    }
}
new File(args[1]).setText(out.toString(), 'UTF-8')
