@echo off
rem Runs JBang: the one on the PATH, or else a pinned one, which it gets once through Maven and keeps in the cache folder.
rem The toolkit's commands (health, query, test ..., also as health@telemetry) work from any folder and need no catalog set up.
rem What is meant for JBang goes to JBang as it stands; any other word is an error.
setlocal EnableExtensions DisableDelayedExpansion

set "VERSION=0.132.1"
set "SHA256=f977075849cff866f45b27997f5671ab8a336a5dd3cf9e702b3479128338f3a7"
set "JBANGS_COMMANDS=alias app build cache catalog completion config edit export info init jdk run template trust version wrapper"
for %%F in ("%~dp0..") do set "CHECKOUT=%%~fF"
set "CATALOG=%CHECKOUT%\jbang-catalog.json"
set "CACHE=%LOCALAPPDATA%\jbangw"
set "JAR=%CACHE%\jbang-%VERSION%.jar"
set "WORK=%CACHE%\work.%RANDOM%%RANDOM%"

set "RUN="
set "WORD=%~1"
if not defined WORD goto :list
if "%WORD%"=="--help" goto :list
if "%WORD%"=="-h" goto :list
set "NAME=%WORD%"
if "%WORD:~-10%"=="@telemetry" if not "%WORD%"=="@telemetry" set "NAME=%WORD:~0,-10%"

rem In the catalog a name is followed by a brace. Of these names only the commands have a script-ref.
set "MATCHES="
set "KNOWN="
for /f "usebackq tokens=1* delims=: " %%A in ("%CATALOG%") do (
  if "%%B"=="{" set "MATCHES="
  if "%%~A%%B"=="%NAME%{" set "MATCHES=yes"
  if "%%~A"=="script-ref" if defined MATCHES set "KNOWN=yes"
)
if defined KNOWN if "%NAME%"=="%WORD%" goto :alias
if not "%NAME%"=="%WORD%" goto :split

rem Options, commands, paths, URLs, Maven coordinates, other catalogs' aliases and scripts are meant for JBang.
if "%WORD:~0,1%"=="-" goto :launcher
for /f "delims=/\:@" %%W in ("%WORD%") do if not "%%W"=="%WORD%" goto :launcher
for %%C in (%JBANGS_COMMANDS%) do if "%WORD%"=="%%C" goto :launcher
for %%E in (.java .jsh .jar .kt .groovy .md) do if "%~x1"=="%%E" goto :launcher
if exist "%WORD%\main.java" goto :launcher
if exist "%WORD%" if not exist "%WORD%\" goto :launcher

:split
set ARGUMENTS=%*
setlocal EnableDelayedExpansion
for /f "tokens=1*" %%A in ("!ARGUMENTS!") do endlocal & set ARGUMENTS=%%B
if not defined KNOWN goto :refuse
"%~f0" %NAME% %ARGUMENTS%

:alias
set "RUN=run --catalog "%CATALOG%" "-Dtelemetry.checkout=%CHECKOUT%" "-Dtelemetry.jbangw=%~0""

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
>&2 echo jbangw: JBang %VERSION% from Maven is refused: its SHA-256 is not %SHA256%
goto :failed

:keep
move /y "%FETCHED%" "%JAR%" >nul || goto :failed

:run
rem JBang's launcher protocol: with exit code 255 the output is the command to run; with any other it is for the user.
set "JBANG_NO_VERSION_CHECK=true"
set "JBANG_RUNTIME_SHELL=cmd"
set "JBANG_STDIN_NOTTY=true"
timeout /t 0 >nul 2>nul && set "JBANG_STDIN_NOTTY=false"
rem An archive of JBang's own classes, made once for each JDK, shortens each later start. A start that does nothing else makes it: a JVM
rem that cannot write its archive changes the exit code. The JVM ignores an archive that it cannot use.
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
rem JBang ends with 1 or 2 when it cannot build a script. For the toolkit's commands these codes mean something else, so this ends with 3.
if defined RUN if not "%STATUS%"=="255" if not "%STATUS%"=="0" exit /b 3
if not "%STATUS%"=="255" exit /b %STATUS%
%COMMAND%
exit /b %ERRORLEVEL%

:failed
rmdir /s /q "%WORK%"
exit /b 3

:installed
jbang %RUN% %*

:list
set LAUNCHER=%0
setlocal EnableDelayedExpansion
set "WIDTH=1"
for /f "usebackq tokens=1* delims=: " %%A in ("!CATALOG!") do (
  if "%%B"=="{" set "NAME=%%~A"
  if "%%~A"=="description" call :widen
)
set /a INDENT=WIDTH+3
set "BLANK=                                                                                "
echo Usage: !LAUNCHER! COMMAND [OPTIONS]
echo.
echo Commands:
for /f "usebackq tokens=1* delims=: " %%A in ("!CATALOG!") do (
  if "%%B"=="{" set "NAME=%%~A"
  if "%%~A"=="description" (
    set "TEXT=%%~B"
    set "TEXT=!TEXT:",=!"
    set "LINE=  !NAME!%BLANK%"
    set "LINE=!LINE:~0,%INDENT%!"
    for %%W in ("!TEXT: =" "!") do (
      set "LONGER=!LINE! %%~W"
      set "REST=!LONGER!."
      set "REST=!REST:~80!"
      if defined REST if not "!REST!"=="." (
        echo !LINE!
        set "LONGER=!BLANK:~0,%INDENT%! %%~W"
      )
      set "LINE=!LONGER!"
    )
    echo !LINE!
  )
)
echo.
echo The options of a command:
echo   !LAUNCHER! health --help
echo.
echo When to use which command, and what to do when something is wrong:
echo   !CHECKOUT!\docs\runbook.md
echo.
echo JBang's own commands work too; run starts a script or an alias of your own:
echo   !LAUNCHER! run --help
exit /b 0

rem Raises WIDTH to the length of NAME. The dot ends it: a part beyond the end is empty in one cmd, and the last character in another.
:widen
set "REST=%NAME%."
set "REST=!REST:~%WIDTH%!"
if not defined REST exit /b
if "!REST!"=="." exit /b
set /a WIDTH+=1
goto :widen

:refuse
set LAUNCHER=%0
setlocal EnableDelayedExpansion
set "NEAREST="
set "NUMBER=0"
for %%L in (_ a b c d e f g h i j k l m n o p q r s t u v w x y z) do set /a NUMBER+=1, NUMBER_OF_%%L=NUMBER
set "NAME=!NAME:-=_!"
set "REST=!NAME!."
call :letters A
set /a LEAST=(A+1)/3+1
for /f "usebackq tokens=1* delims=: " %%A in ("!CATALOG!") do (
  if "%%B"=="{" set "OTHER=%%~A"
  if "%%~A"=="script-ref" call :consider
)
if not "!WORD:~-10!"=="@telemetry" for %%C in (%JBANGS_COMMANDS%) do (
  set "OTHER=%%C"
  call :consider
)
if defined ARGUMENTS set ARGUMENTS= !ARGUMENTS!
if defined NEAREST (
  >&2 echo jbangw: there is no command '!WORD!'; did you mean !NEAREST!?
  >&2 echo !LAUNCHER! !NEAREST!!ARGUMENTS!
) else (
  >&2 echo jbangw: there is no command '!WORD!'; this lists the commands:
  >&2 echo !LAUNCHER! --help
)
exit /b 64

rem Makes OTHER the nearest command if NAME is less than LEAST changes away from it. A change is a letter more, less or other, or two
rem letters swapped; one word of a name (validate, performance), or its beginning, counts as one change.
:consider
set "DISTANCE=1"
set "PARTS=_!OTHER!"
if !A! gtr 2 if not "!PARTS:_%NAME%=!"=="!PARTS!" goto :compare
set "REST=!OTHER!."
call :letters B
set /a DISTANCE=A-B
if !DISTANCE! geq !LEAST! exit /b
for /l %%J in (0,1,!B!) do set "D0_%%J=%%J"
for /l %%I in (1,1,!A!) do (
  set "D%%I_0=%%I"
  for /l %%J in (1,1,!B!) do (
    set /a I1=%%I-1, I2=%%I-2, J1=%%J-1, J2=%%J-2
    for /f "tokens=1-4" %%A in ("!I1! !I2! !J1! !J2!") do (
      set /a OTHERS=A%%I-B%%J, DISTANCE=D%%A_%%C, ABOVE=D%%A_%%J+1, BEFORE=D%%I_%%C+1
      if not !OTHERS!==0 set /a DISTANCE+=1
      if !ABOVE! lss !DISTANCE! set "DISTANCE=!ABOVE!"
      if !BEFORE! lss !DISTANCE! set "DISTANCE=!BEFORE!"
      if %%B geq 0 if %%D geq 0 (
        set /a FIRST=A%%A-B%%J, SECOND=A%%I-B%%C, SWAPPED=D%%B_%%D+1
        if !FIRST!!SECOND!==00 if !SWAPPED! lss !DISTANCE! set "DISTANCE=!SWAPPED!"
      )
      set "D%%I_%%J=!DISTANCE!"
    )
  )
)
:compare
if !DISTANCE! geq !LEAST! exit /b
set "LEAST=!DISTANCE!"
set "NEAREST=!OTHER!"
exit /b

rem Puts the letters of REST, up to a dot at its end, as numbers into A1, A2 ... and how many they are into A (or B).
:letters
set "%1=0"
:letter
if "!REST!"=="." exit /b
set /a %1+=1
set "NUMBER=!NUMBER_OF_%REST:~0,1%!"
set /a %1!%1!=NUMBER
set "REST=!REST:~1!"
if !%1! lss 40 goto :letter
exit /b
