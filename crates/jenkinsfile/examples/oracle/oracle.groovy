// Says of each program in a file whether Groovy reads it: one line each, "ok" or "no MESSAGE".
// The programs are separated by NUL. Reading ends before names are looked up: nothing is run.
import org.codehaus.groovy.control.*

def programs = new File(args[0]).getText('UTF-8').split('\0', -1)
def out = new StringBuilder()
for (program in programs) {
    try {
        def unit = new CompilationUnit(new CompilerConfiguration())
        unit.addSource('Jenkinsfile', program)
        unit.compile(Phases.CONVERSION)
        out << 'ok\n'
    } catch (MultipleCompilationErrorsException e) {
        out << 'no ' << e.errorCollector.getError(0).with {
            it.hasProperty('cause') ? it.cause.message : it.toString()
        }.readLines()[0] << '\n'
    } catch (Throwable e) {
        out << 'no ' << e.class.name << '\n'
    }
}
new File(args[1]).setText(out.toString(), 'UTF-8')
