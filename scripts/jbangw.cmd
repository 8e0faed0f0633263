@echo off
rem Runs JBang: the one on the PATH, else a pinned one, got once through Maven and kept in the cache folder.
rem The toolkit's own names (health, query, test ...) work from any folder and need no catalog set up;
rem anything else goes to JBang as it stands.
setlocal EnableExtensions DisableDelayedExpansion

set "VERSION=0.132.1"
set "SHA256=f977075849cff866f45b27997f5671ab8a336a5dd3cf9e702b3479128338f3a7"
for %%F in ("%~dp0..") do set "CHECKOUT=%%~fF"
set "CACHE=%LOCALAPPDATA%\jbangw"
set "JAR=%CACHE%\jbang-%VERSION%.jar"
set "WORK=%CACHE%\work.%RANDOM%%RANDOM%"

set "RUN="
if exist "%~dp0%~1.java" goto :alias
if exist "%~dp0%~1.jsh" goto :alias
if not "%~1"=="test" goto :launcher
:alias
set "RUN=run --catalog "%CHECKOUT%\jbang-catalog.json" "-Dtelemetry.checkout=%CHECKOUT%""

:launcher
where jbang >nul 2>nul && goto :installed
set "JAVA=%JAVA_HOME%\bin\java.exe"
if exist "%JAVA_HOME%\bin\javac.exe" goto :jdk
for %%J in (java.exe) do set "JAVA=%%~$PATH:J"
where javac >nul 2>nul && goto :jdk
>&2 echo jbangw: no JDK found in JAVA_HOME or on the PATH: install JDK 17 or newer (https://adoptium.net)
exit /b 3

:jdk
mkdir "%WORK%" || exit /b 3
if exist "%JAR%" goto :run
where mvn >nul 2>nul && goto :fetch
>&2 echo jbangw: no JBang and no Maven on the PATH: install JBang (https://www.jbang.dev) or Maven (https://maven.apache.org)
goto :failed

:fetch
>&2 echo jbangw: getting JBang %VERSION% through Maven (9 MB, once)
call mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy ^
  "-Dartifact=dev.jbang:jbang-cli:%VERSION%:jar:all" "-DoutputDirectory=%WORK%" <nul >"%WORK%\log" 2>&1 && goto :check
type "%WORK%\log" >&2
>&2 echo jbangw: Maven could not get JBang %VERSION%: see its messages above
goto :failed

:check
set "FETCHED=%WORK%\jbang-cli-%VERSION%-all.jar"
certutil -hashfile "%FETCHED%" SHA256 | findstr /i "%SHA256%" >nul && goto :keep
>&2 echo jbangw: the JBang %VERSION% that Maven got is not used: its SHA-256 is not %SHA256%
goto :failed

:keep
move /y "%FETCHED%" "%JAR%" >nul || goto :failed

:run
rem JBang's launcher protocol: with exit code 255 its output is the command to run, with any other it is for the user.
set "JBANG_NO_VERSION_CHECK=true"
set "JBANG_RUNTIME_SHELL=cmd"
set "JBANG_STDIN_NOTTY=true"
timeout /t 0 >nul 2>nul && set "JBANG_STDIN_NOTTY=false"
rem JBang's own classes are archived once on each JDK, by a start for nothing else: a JVM that cannot write its archive ends with an exit code of
rem its own. The JVM takes no notice of an archive that it cannot use.
set "JDK=%JAVA:\=-%"
set "ARCHIVE=%CACHE%\jbang-%VERSION%-%JDK::=%.jsa"
set "SHARE="
if exist "%ARCHIVE%" set SHARE="-XX:SharedArchiveFile=%ARCHIVE%"
set QUICK=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xlog:disable
"%JAVA%" %QUICK% %SHARE% -jar "%JAR%" %RUN% %* >"%WORK%\output"
set "STATUS=%ERRORLEVEL%"
set "COMMAND="
if "%STATUS%"=="255" for /f "usebackq delims=" %%L in ("%WORK%\output") do if not defined COMMAND set "COMMAND=%%L"
if not "%STATUS%"=="255" type "%WORK%\output"
if not "%STATUS%"=="255" goto :ended
if not defined RUN goto :ended
if not defined SHARE "%JAVA%" %QUICK% "-XX:ArchiveClassesAtExit=%WORK%\archive" -jar "%JAR%" %RUN% %* <nul >nul 2>nul
if not defined SHARE if %ERRORLEVEL%==255 move /y "%WORK%\archive" "%ARCHIVE%" >nul 2>nul

:ended
rmdir /s /q "%WORK%"
rem JBang's 1 and 2, that it could not build a script, mean other things where the toolkit's own commands end with them.
if defined RUN if not "%STATUS%"=="255" if not "%STATUS%"=="0" exit /b 3
if not "%STATUS%"=="255" exit /b %STATUS%
%COMMAND%
exit /b %ERRORLEVEL%

:failed
rmdir /s /q "%WORK%"
exit /b 3

:installed
jbang %RUN% %*
